//! Mathematics.
