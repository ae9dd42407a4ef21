//! What must hold of every parser, as the suite has it.

use std::panic;
use std::sync::Once;

#[cfg(feature = "program")]
#[path = "../../tests/it/fuzz/targets.rs"]
pub mod targets;
#[path = "../../tests/it/fuzz/words.rs"]
pub mod words;

static ONCE: Once = Once::new();

/// Takes it for no failure when the thread that reads a workbook ahead panics: the program catches that and refuses the file.
pub fn allow_damaged_workbooks() {
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() != Some("workbook") {
                usual(info);
            }
        }));
    });
}
