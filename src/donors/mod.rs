//! The registry of donors: sealed identity, group evidence, search by exact key.
