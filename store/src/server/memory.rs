//! How much memory a server of ours takes.

use std::fs;

use rustix::system::sysinfo;

use super::process::Setting;

/// What PostgreSQL takes unless it is told otherwise: enough for the smallest machine.
const LEAST: u64 = 128 << 20;
/// More helps little: the system keeps what was read of files, too.
const MOST: u64 = 4 << 30;
/// The rest is for this process, for other programs, and for files.
const PART: u64 = 8;

/// The setting `shared_buffers`, from the memory of the machine or, if that is less, of the container. PostgreSQL's guide has a machine
/// that does nothing else give it a quarter (19.4.1, Memory).
pub(crate) fn shared_buffers() -> Setting {
    let machine = sysinfo();
    let machine = machine.totalram.saturating_mul(machine.mem_unit.into());
    ("shared_buffers", setting(machine, container().as_deref()))
}

fn setting(machine: u64, container: Option<&str>) -> String {
    // Without a limit it is the word `max`.
    let limit = container
        .and_then(|limit| limit.trim().parse().ok())
        .unwrap_or(u64::MAX);
    let bytes = (machine.min(limit) / PART).clamp(LEAST, MOST);
    format!("{}MB", bytes >> 20)
}

fn container() -> Option<String> {
    fs::read_to_string("/sys/fs/cgroup/memory.max").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eighth_of_the_memory_that_there_is_is_taken_within_bounds() {
        assert_eq!(setting(16 << 30, None), "2048MB");
        assert_eq!(setting(16 << 30, Some("max\n")), "2048MB");
        assert_eq!(setting(16 << 30, Some("8589934592\n")), "1024MB");
        assert_eq!(setting(512 << 20, None), "128MB");
        assert_eq!(setting(1 << 40, None), "4096MB");
    }
}
