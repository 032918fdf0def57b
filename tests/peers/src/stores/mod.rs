//! One file per peer.

pub mod disintegrate;
pub mod emmett;
pub mod es_entity;
pub mod message_db;
pub mod postgres_es;

#[cfg(test)]
mod tests;
