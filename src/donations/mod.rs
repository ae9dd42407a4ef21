//! What was given, and the units made of it.
