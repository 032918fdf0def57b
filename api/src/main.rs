//! The one binary: every process of PropertyOS is a subcommand of it.
fn main() {}
