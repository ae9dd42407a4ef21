//! Pages: what every one of them shares. Frame, style sheet, who the browser belongs to, forms.
//!
//! A page knows its caller by cookie and never by token; the API is the other way round. Every form
//! carries a token and comes from this very site, or it is refused. Nothing is loaded from elsewhere,
//! and no page holds an inline style or script. The pages themselves live in the rooms of their subject.

mod assets;
mod bars;
mod choice;
mod form;
mod frame;
mod refused;
mod scan;
mod sheet;
mod show;
mod square;
mod table;
mod upload;
mod visitor;

pub use assets::serve as serve_assets;
pub use bars::Bars;
pub use choice::{Choice, chosen};
pub use form::{Posted, Print, field};
pub use frame::{Frame, Tab, go};
pub use refused::{FACE, is_for_the_form, told};
pub use scan::{ScanField, labels, some_labels};
pub use sheet::{Fields, Input, Kind, Part, Said, Sheet, western};
pub use show::{Group, Say, Time};
pub use square::Square;
pub use table::Table;
pub use upload::Upload;
pub use visitor::{Seated, Visitor, is_seated};
