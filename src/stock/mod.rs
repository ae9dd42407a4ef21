//! Blood units: their states, their movements, and which fit whom.
