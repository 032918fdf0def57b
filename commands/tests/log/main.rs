//! The promises of the log, against a real PostgreSQL.

mod append;
mod batches;
mod epochs;
mod execute;
mod history;
mod idempotence;
mod isolation;
mod law;
mod office;
mod personal;
mod repository;
mod restart;
mod support;
mod tail;
