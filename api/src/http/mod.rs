//! What every endpoint shares: how requests are read, how answers are written, and what stands around both.

pub mod around;
pub mod directory;
pub mod errors;
pub mod extract;
pub mod order;
pub mod problem;
pub mod reading;
pub mod states;
pub mod wire;
