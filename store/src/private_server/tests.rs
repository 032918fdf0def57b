use std::{
    env,
    future::Future,
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, getpgid, kill_process};
use sqlx::{Executor, postgres::PgConnectOptions};
use tokio::runtime;

use super::*;
use crate::{connect, server::cluster::processes_on};

/// Makes the test of this name a process that keeps its server until it is killed.
const STAY_ON: &str = "PROPERTYOS_TEST_STAY_ON";
const STAYING: &str = "private_server::tests::a_server_starts_answers_and_stops";

/// A data folder in which the server's user gets at its own; empty.
fn empty_folder() -> (TempDir, DataFolder) {
    let parent = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(parent.path(), Permissions::from_mode(0o755)).unwrap();
    let folder = DataFolder::open_for_private_server(&parent.path().join("data")).unwrap();
    assert_eq!(folder.notice(), None);
    (parent, folder)
}

/// The same with a server's data, which is made faster than for real: nobody pulls the plug while it is made.
async fn data_folder() -> (TempDir, DataFolder) {
    let (parent, folder) = empty_folder();
    cluster::initialise(&folder.path().join("postgres"), &["--no-sync", "--wal-segsize=1"])
        .await
        .unwrap();
    (parent, folder)
}

async fn start(folder: &DataFolder) -> PrivateServer {
    PrivateServer::start(folder, "serve").await.unwrap()
}

async fn execute(server: &PrivateServer, sql: &str) {
    server
        .settings()
        .connect_owner()
        .await
        .unwrap()
        .execute(sql)
        .await
        .unwrap();
}

async fn count(server: &PrivateServer, table: &str) -> i64 {
    let mut owner = server.settings().connect_owner().await.unwrap();
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
        .fetch_one(&mut owner)
        .await
        .unwrap()
}

/// Waits for a condition, within bounds.
async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let until = Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(Instant::now() < until, "it never came that {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn server_processes(folder: &DataFolder) -> Vec<Pid> {
    processes_on(&folder.path().join("postgres"))
}

/// Another process that has started the folder's server; it stays until it is killed.
struct Other {
    child: Child,
    // Closed, it would make the process fail at its next word.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Other {
    fn on(folder: &DataFolder) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", STAYING, "--nocapture"])
            .env(STAY_ON, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let stays = output
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.ends_with("stays"));
        assert!(stays, "the other process failed");
        Self { child, _output: output }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Lets it end in order.
    fn finish(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn a_server_starts_answers_and_stops() {
    let told = env::var_os(STAY_ON);
    let (parent, folder) = empty_folder();
    let folder = told.as_ref().map_or(folder, |path| {
        DataFolder::open_for_private_server(Path::new(path)).unwrap()
    });
    let server = start(&folder).await;
    let pools = connect(&server.settings()).await.unwrap();
    let listens: String = sqlx::query_scalar("SHOW listen_addresses")
        .fetch_one(&pools.app)
        .await
        .unwrap();
    assert_eq!(listens, "", "nothing but the socket leads to it");
    if told.is_some() {
        println!("stays");
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
    pools.close().await;
    server.stop().await;
    assert!(server_processes(&folder).is_empty());
    parent.close().unwrap();
}

#[tokio::test]
async fn the_socket_lies_in_a_short_folder_that_only_the_servers_user_enters() {
    let (_parent, folder) = data_folder().await;
    let server = start(&folder).await;
    let sockets = server.socket_folder.clone();
    assert!(sockets.join(".s.PGSQL.5432").as_os_str().len() <= 107);
    assert_eq!(fs::metadata(&sockets).unwrap().permissions().mode() & 0o777, 0o700);
    server.stop().await;
    assert!(!sockets.exists());
}

#[tokio::test]
async fn the_second_start_finds_the_data_of_the_first() {
    let (_parent, folder) = data_folder().await;
    let server = start(&folder).await;
    execute(&server, "CREATE TABLE kept AS SELECT 1").await;
    server.stop().await;
    let server = start(&folder).await;
    assert_eq!(count(&server, "kept").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_second_serve_is_told_who_runs_and_where() {
    let (_parent, folder) = data_folder().await;
    let server = start(&folder).await;
    server.announce_url("http://127.0.0.1:8080").unwrap();
    let refused = PrivateServer::start(&folder, "serve").await.unwrap_err().to_string();
    let (path, pid) = (folder.path().display(), std::process::id());
    assert_eq!(
        refused,
        format!("`propertyos serve` is already running on {path}: process id {pid}, http://127.0.0.1:8080")
    );
    server.stop().await;
}

#[tokio::test]
async fn another_command_reaches_the_server_of_a_running_process_and_leaves_it_running() {
    let (_parent, folder) = data_folder().await;
    let other = Other::on(&folder);
    let reached = PrivateServer::reach(&folder, "token").await.unwrap();
    execute(&reached, "CREATE TABLE kept AS SELECT 1").await;
    reached.stop().await;
    let again = PrivateServer::reach(&folder, "token").await.unwrap();
    assert_eq!(count(&again, "kept").await, 1);
    other.finish();
}

#[tokio::test]
async fn a_command_that_comes_while_another_process_starts_waits_for_its_server() {
    let (_parent, folder) = data_folder().await;
    let (one, two) = tokio::join!(
        PrivateServer::reach(&folder, "import"),
        PrivateServer::reach(&folder, "token")
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.socket_folder, two.socket_folder);
    assert!(one.is_own() ^ two.is_own(), "one of them has started it");
    tokio::join!(one.stop(), two.stop());
}

#[tokio::test]
async fn a_command_that_is_done_waits_for_those_that_reached_its_server() {
    let (_parent, folder) = data_folder().await;
    let first = PrivateServer::reach(&folder, "import").await.unwrap();
    let second = PrivateServer::reach(&folder, "token").await.unwrap();
    let first_stops = tokio::spawn(first.stop());
    for _ in 0..50 {
        count(&second, "pg_class").await;
    }
    assert!(!first_stops.is_finished());
    second.stop().await;
    first_stops.await.unwrap();
    assert!(server_processes(&folder).is_empty());
}

#[tokio::test]
async fn a_command_refuses_a_folder_whose_process_works_with_a_database_elsewhere() {
    let (_parent, folder) = empty_folder();
    let lock = folder.lock("serve").unwrap();
    lock.announce_database(Database::Outside).unwrap();
    let refused = PrivateServer::reach(&folder, "token").await.unwrap_err();
    assert!(matches!(refused, PrivateServerError::Elsewhere(_)), "{refused}");
}

#[tokio::test]
async fn the_server_goes_with_a_process_that_is_killed_and_the_next_start_finds_what_was_committed() {
    let (_parent, folder) = data_folder().await;
    let other = Other::on(&folder);
    let reached = PrivateServer::reach(&folder, "token").await.unwrap();
    execute(&reached, "CREATE TABLE kept AS SELECT 1").await;
    let left = reached.socket_folder.clone();
    other.kill();
    let server = start(&folder).await;
    assert_eq!(count(&server, "kept").await, 1);
    assert!(!left.exists(), "the killed process's socket folder is cleared");
    server.stop().await;
}

#[tokio::test]
async fn no_server_outlives_a_killed_process() {
    let (_parent, folder) = data_folder().await;
    let other = Other::on(&folder);
    assert!(!server_processes(&folder).is_empty());
    other.kill();
    eventually("every process of the server ended", async || {
        server_processes(&folder).is_empty()
    })
    .await;
    start(&folder).await.stop().await;
}

#[tokio::test]
async fn a_server_that_lives_on_without_its_process_is_ended_and_its_data_used() {
    let (_parent, folder) = data_folder().await;
    start(&folder).await.stop().await;
    // Started like one whose process died before the kernel was asked to tell: nothing will stop it.
    let data = folder.path().join("postgres");
    let account = Account::for_data(&data).unwrap();
    let sockets = new_socket_folder(&account, &folder.path().join("socket-folder"))
        .unwrap()
        .keep();
    let mut orphan = account
        .command(Binaries::for_data(&data).unwrap().program("postgres"))
        .arg("-D")
        .arg(&data)
        .arg("-k")
        .arg(&sockets)
        .args(["-c", "listen_addresses="])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let reaper = thread::spawn(move || orphan.wait());
    let options: PgConnectOptions = superuser(&sockets, "postgres");
    eventually("the orphan answers", async || {
        PgConnection::connect_with(&options).await.is_ok()
    })
    .await;

    let server = start(&folder).await;
    assert!(reaper.join().unwrap().is_ok(), "the orphan has ended");
    assert!(!sockets.exists(), "so is its socket folder");
    count(&server, "pg_class").await;
    server.stop().await;
}

#[tokio::test]
async fn a_left_process_number_that_now_belongs_to_another_program_is_no_obstacle() {
    let (_parent, folder) = data_folder().await;
    start(&folder).await.stop().await;
    let data = folder.path().join("postgres");
    let account = Account::for_data(&data).unwrap();
    let mut bystander = account.command("sleep").arg("600").spawn().unwrap();
    let left = format!("{}\n{}\n1700000000\n5432\n/tmp\n\n", bystander.id(), data.display());
    fs::write(data.join("postmaster.pid"), left).unwrap();
    account.own(&data.join("postmaster.pid")).unwrap();
    start(&folder).await.stop().await;
    assert_eq!(bystander.try_wait().unwrap(), None, "the bystander was left alone");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[tokio::test]
async fn data_that_was_never_finished_is_made_anew() {
    let (_parent, folder) = empty_folder();
    let unfinished = folder.path().join("postgres.unfinished");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15").unwrap();
    start(&folder).await.stop().await;
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn data_of_a_version_that_is_not_installed_is_left_alone() {
    let (_parent, folder) = empty_folder();
    let data = folder.path().join("postgres");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    let refused = PrivateServer::start(&folder, "serve").await.unwrap_err().to_string();
    assert!(
        refused.contains("was made by PostgreSQL 9, which isn't installed"),
        "{refused}"
    );
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why_and_frees_the_folder() {
    let (_parent, folder) = data_folder().await;
    start(&folder).await.stop().await;
    let configuration = folder.path().join("postgres/postgresql.conf");
    let good = fs::read(&configuration).unwrap();
    fs::write(&configuration, "nonsense = 1\n").unwrap();
    let refused = PrivateServer::start(&folder, "serve").await.unwrap_err().to_string();
    assert!(refused.contains("nonsense"), "{refused}");
    fs::write(&configuration, good).unwrap();
    start(&folder).await.stop().await;
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_noticed() {
    let (_parent, folder) = data_folder().await;
    let mut server = start(&folder).await;
    for pid in server_processes(&folder) {
        let _gone = kill_process(pid, Signal::KILL);
    }
    server.ended().await;
}

#[test]
fn a_server_outlives_the_thread_that_asked_for_it() {
    let runtime = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asking = thread::spawn(move || {
        runtime().block_on(async {
            let (parent, folder) = data_folder().await;
            (parent, start(&folder).await)
        })
    });
    let (_parent, server) = asking.join().unwrap();
    runtime().block_on(async {
        assert!(count(&server, "pg_class").await > 0);
        server.stop().await;
    });
}

#[tokio::test]
async fn an_interrupt_at_the_terminal_does_not_reach_the_server() {
    let (_parent, folder) = data_folder().await;
    let other = Other::on(&folder);
    let terminal = getpgid(Some(other.pid())).unwrap();
    for pid in server_processes(&folder) {
        assert_ne!(getpgid(Some(pid)).unwrap(), terminal);
    }
    other.finish();
}
