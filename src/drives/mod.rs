//! Drives, their slots and appointments.
