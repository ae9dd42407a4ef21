//! What must hold of every parser of the ground floor, as the suite has it.

#[path = "../../tests/it/fuzz/words.rs"]
pub mod words;
