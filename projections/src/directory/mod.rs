//! The directory: the present state of everything that lists and detail pages show.

mod document;

pub use document::*;
