//! What can be asked of PropertyOS: one command for each decision that spans streams, and [`OnStream`] for all others.

mod on_stream;

pub use on_stream::OnStream;
