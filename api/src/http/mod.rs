//! What every endpoint shares: how requests are read, how answers are written, and what stands around both.

pub mod around;
pub mod extract;
pub mod problem;
pub mod wire;
