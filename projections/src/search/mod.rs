//! The search index: everything by the words people remember it by, with typos.
//!
//! Each process that answers queries keeps a whole index in a folder of its own and feeds it from all shards, without
//! leases. How far it has read is part of each commit, so the index and its cursors can't part.

mod apply;
mod entry;
mod marks;
mod node;
mod query;
mod requests;
mod shelf;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Kind};
pub use marks::{Mark, Marks, Parked};
pub use node::{Node, NodeError, SEARCH, contents_of, marks_in, parked_in};
pub use query::{Hit, Hits, Library, Question};
pub use requests::{Retry, retry_in};
pub use shelf::{Shelf, ShelfError};
