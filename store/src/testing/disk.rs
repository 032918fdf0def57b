//! A disk that can be full.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A file system of its own in memory.
pub(super) struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Puts it at a folder that is there and empty.
    pub fn mount(at: &Path, megabytes: u32) -> Self {
        let mounted = as_root("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={megabytes}m,mode=1777"),
                "propertyos-test",
            ])
            .arg(at)
            .status();
        assert!(
            mounted.expect("mount").success(),
            "root, or sudo without a password, gives a server a disk of its own"
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
        unmount(&self.at);
    }
}

/// Takes a disk away, if one is there.
pub(super) fn unmount(at: &Path) {
    // What was killed a moment ago may still hold it.
    let _unmounted = as_root("umount").arg("--lazy").arg(at).stderr(Stdio::null()).status();
}

fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}
