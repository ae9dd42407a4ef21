//! What tests share: fresh databases of both kinds, rows in them, and waiting.

#[macro_use]
pub mod databases;
// The smallest world holds more than each test asks for.
#[allow(dead_code)]
pub mod app;
pub mod cluster;
#[allow(dead_code)]
pub mod reserve;
pub mod rows;
#[allow(dead_code)]
pub mod shelf;

use std::future::Future;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// Runs a future to its end on this thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A place where threads wait for each other, but never longer than a while: one that a single writer
/// keeps from coming cannot block the test.
#[derive(Debug, Default)]
pub struct Meeting {
    come: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    /// Comes, and says whether `expected` had come in time.
    pub fn come(&self, expected: usize, patience: Duration) -> bool {
        let mut come = self.come.lock().unwrap();
        *come += 1;
        self.changed.notify_all();
        let (come, _) = self.changed.wait_timeout_while(come, patience, |come| *come < expected).unwrap();
        *come >= expected
    }
}
