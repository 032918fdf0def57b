//! Takes over a portfolio from another system's export.

mod cells;
pub mod rent_roll;
