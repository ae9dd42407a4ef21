//! Demand, supply and stock, weeks ahead.
