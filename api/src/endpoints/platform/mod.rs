//! About the process itself: whether it works, how it fares, and which keys it signs with.

pub mod keys;
pub mod live;
pub mod metrics;
pub mod ready;
