//! A server's data: made whole or not at all, and freed from what a killed process left on it.

use std::{fs, io::ErrorKind, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use super::{ServerError, account::Account, binaries::Binaries, process::SUPERUSER};

/// How long one that was left behind gets to end after each signal.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes a server's data unless it is there. It appears under its name only once it is complete, so a process killed
/// meanwhile leaves nothing that looks like data.
///
/// `options` go to `initdb` beside ours.
pub(crate) async fn initialise(data: &Path, options: &[&str]) -> Result<(), ServerError> {
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    let binaries = Binaries::newest()?;
    let account = Account::for_new_data()?;
    let unfinished = data.with_extension("unfinished");
    remove_folder(&unfinished)?;
    fs::create_dir(&unfinished).map_err(ServerError::file(&unfinished))?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o700)).map_err(ServerError::file(&unfinished))?;
    account.own(&unfinished)?;
    let output = Command::from(account.command_bound_to_thread(binaries.program("initdb")))
        .arg("--pgdata")
        .arg(&unfinished)
        .args([
            "--username",
            SUPERUSER,
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
        ])
        // Whoever gets at the socket may sign in as anyone; its folder lets nobody else near.
        .args(["--auth-local=trust", "--auth-host=reject"])
        .args(options)
        .current_dir("/")
        .output()
        .await
        .map_err(ServerError::file(binaries.program("initdb")))?;
    if !output.status.success() {
        return Err(ServerError::Program {
            program: "initdb",
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&unfinished, data).map_err(ServerError::file(data))
}

/// Ends the server that another process left running on the data, and removes what marks the data as in use. The caller
/// holds the lock on the folder, so no living process of ours needs that server.
pub(crate) async fn clear(data: &Path) -> Result<(), ServerError> {
    // The first process takes INT for a shutdown in order, the others as a cancelled query; QUIT ends all of them at once.
    for signal in [Signal::INT, Signal::QUIT] {
        for pid in processes_on(data) {
            let _gone = kill_process(pid, signal);
        }
        if wait_until_free(data).await.is_ok() {
            break;
        }
    }
    wait_until_free(data).await?;
    // Its number may belong to another program by now, and PostgreSQL would then refuse to start.
    remove_file(&data.join("postmaster.pid"))
}

/// Waits, within bounds, until no process works on the data: those of a server whose first one was killed end shortly after.
pub(crate) async fn wait_until_free(data: &Path) -> Result<(), ServerError> {
    let until = Instant::now() + PATIENCE;
    while let Some(pid) = processes_on(data).first() {
        if Instant::now() > until {
            return Err(ServerError::LeftBehind {
                pid: pid.as_raw_nonzero().get(),
                data: data.to_owned(),
            });
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Every process of a server on this data: each has it as its working directory.
pub(crate) fn processes_on(data: &Path) -> Vec<Pid> {
    let (Ok(data), Ok(processes)) = (fs::canonicalize(data), fs::read_dir("/proc")) else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| {
            let process = entry.ok()?.path();
            let pid = process.file_name()?.to_str()?.parse().ok().and_then(Pid::from_raw)?;
            // Of a program that was replaced since, the name ends in " (deleted)".
            let program = fs::read_link(process.join("exe")).ok()?;
            let is_server = program.file_name()?.to_string_lossy().starts_with("postgres");
            (is_server && fs::read_link(process.join("cwd")).ok()? == data).then_some(pid)
        })
        .collect()
}

fn remove_file(file: &Path) -> Result<(), ServerError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ServerError::file(file)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn remove_folder(folder: &Path) -> Result<(), ServerError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(ServerError::file(folder)(error)),
        _ => Ok(()),
    }
}
