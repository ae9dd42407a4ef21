//! Text that people type: names, phones, numbers. Parsed at the door, trusted after.
