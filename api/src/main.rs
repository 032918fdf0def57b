//! The one binary: every process of PropertyOS is a subcommand of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::main()
}
