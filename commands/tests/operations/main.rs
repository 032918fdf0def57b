//! The commands of operations, carried out against a real PostgreSQL, alone and all at once.

mod erasure;
mod maintenance;
mod property;
mod support;
mod vendors;
