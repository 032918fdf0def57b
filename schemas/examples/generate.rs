//! Writes the files of the contract anew, after `domain` has changed.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder.join(schemas::contract::EVENTS))?;
    for (path, content) in schemas::contract::files() {
        fs::write(folder.join(path), content)?;
    }
    Ok(())
}
