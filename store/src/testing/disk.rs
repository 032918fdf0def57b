//! A disk that can be full.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};

/// A file system of its own in memory.
pub(super) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Puts it at a folder that is there and empty.
    pub fn mount(at: &Path, megabytes: u32) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "propertyos-test"])
            .arg(at)
            .status();
        assert!(
            mounted.expect("mount").success(),
            "only root can give a server a disk of its own"
        );
        Self { at: at.to_owned() }
    }

    /// Leaves no room.
    pub fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file");
        loop {
            match ballast.write_all(&[1; 4096]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Makes room again.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("it was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What was killed a moment ago may still hold it.
        let _unmounted = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}
