//! A portfolio that is loaded in bulk is the one that its commands would have made, one by one.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use api::demo::{DemoError, Plan};
use chrono::{DateTime, NaiveDate, Utc};
use commands::{
    Metrics,
    execute::{Aggregates, CarryOut, Command, Commands, ExecuteError, Invocation, Loaded},
    log::{EventLog, ReadError},
};
use domain::{Root, ids::OrganizationId};
use schemas::shard_of;
use sqlx::{Executor, PgConnection};
use store::{personal::PersonalData, secrets::Secrets};
use tests::Installation;
use tokio::{runtime::Handle, task::block_in_place, time::sleep};

use crate::{
    PROPERTYOS,
    load::superuser,
    simulation::{are_equal, demo, events, simulated, story},
};

/// What [`demo`] simulates.
fn plan() -> Plan {
    Plan {
        units: 12,
        months: 3,
        seed: 7,
        from: NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
    }
}

fn in_bulk(seed: &str) -> Vec<&str> {
    [&demo(seed)[..], &["--bulk"]].concat()
}

async fn migrated() -> Installation {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    installation
}

/// A process with the keys of an installation.
async fn process(installation: &Installation) -> Commands {
    let app = installation.database().unwrap().pools().await.app;
    let secrets = Secrets::in_folder(&installation.data_folder().join("secrets")).unwrap();
    let log = EventLog::new(app, Metrics::default());
    Commands::new(log, PersonalData::new(secrets.master), secrets.command_hash)
}

/// Positions and sequences without a gap, and commands from their first event on.
async fn is_dense(log: &mut PgConnection) {
    for numbers in ["position", "sequence", "command_index + 1"] {
        let of = match numbers {
            "position" => "shard",
            "sequence" => "shard, tenant_id, aggregate_type, aggregate_id",
            _ => "shard, tenant_id, command_id",
        };
        let sql = format!(
            "SELECT count(*) FROM (SELECT FROM events GROUP BY {of}
              HAVING min({numbers}) <> 1 OR max({numbers}) <> count(*) OR count(DISTINCT {numbers}) <> count(*)) gaps"
        );
        let gaps: i64 = sqlx::query_scalar(&sql).fetch_one(&mut *log).await.unwrap();
        assert_eq!(gaps, 0, "{numbers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_writes_the_log_of_its_commands_given_one_by_one() {
    let loaded = migrated().await;
    let given = Installation::on_shared_server(PROPERTYOS).await;
    take_keys(&loaded, &given);
    given.output(&["migrate"]).await;
    assert_eq!(loaded.output(&in_bulk("7")).await, plan().organization().to_string());
    let one_by_one = OneByOne::forever(process(&given).await);
    plan().run(&one_by_one, |_| ()).await.unwrap();

    let (log, log_of_commands) = (rows(&loaded).await, rows(&given).await);
    assert!(log.len() > 200, "only {} events", log.len());
    for (one, another) in log.iter().zip(&log_of_commands) {
        assert_eq!(one, another);
    }
    assert_eq!(log.len(), log_of_commands.len());
    are_equal(&story(&loaded).await, &story(&given).await);
    is_dense(&mut superuser(&loaded).await).await;

    for read_model in ["ledger", "dashboard", "directory"] {
        let mut dumps = Vec::new();
        for installation in [&loaded, &given] {
            installation.output(&["replay", "rebuild", read_model]).await;
            dumps.push(installation.output(&["replay", "dump", read_model]).await);
        }
        assert!(dumps[0].lines().count() > 10, "{read_model} is empty");
        assert!(dumps[0] == dumps[1], "{read_model} differs");
    }
}

/// Gives an installation the keys of another, before it has its own.
fn take_keys(from: &Installation, to: &Installation) {
    let (from, to) = (from.data_folder().join("secrets"), to.data_folder().join("secrets"));
    DirBuilder::new().recursive(true).mode(0o700).create(&to).unwrap();
    for key in fs::read_dir(from).unwrap() {
        let key = key.unwrap();
        // Permissions are copied too.
        fs::copy(key.path(), to.join(key.file_name())).unwrap();
    }
}

/// The log as it is stored, in its order, but for the time of writing and what is sealed.
async fn rows(installation: &Installation) -> Vec<String> {
    let stored = "SELECT (to_jsonb(e) - 'recorded_at' - 'payload' - 'metadata')::text || metadata::text ||
                         regexp_replace(payload::text, '\"sealed\":\"[^\"]*\"', 'sealed', 'g')
                    FROM events e ORDER BY shard, position";
    sqlx::query_scalar(stored)
        .fetch_all(&mut superuser(installation).await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_tells_the_same_of_each_stream_as_a_simulation() {
    let loaded = migrated().await;
    loaded.output(&in_bulk("7")).await;
    let (by_commands, _) = simulated("7").await;
    are_equal(&story(&loaded).await, &story(&by_commands).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_bulk_load_is_decided_on_it() {
    let installation = migrated().await;
    installation.output(&in_bulk("7")).await;
    let loaded = story(&installation).await;
    // What it stands for is known to have been carried out.
    installation.output(&demo("7")).await;
    are_equal(&story(&installation).await, &loaded);

    let (by_commands, _) = simulated("7").await;
    for installation in [&installation, &by_commands] {
        installation.output(&["tick", "--as-of", "2024-05-15"]).await;
    }
    let went_on = story(&installation).await;
    assert!(went_on.len() > loaded.len());
    are_equal(&went_on, &story(&by_commands).await);
    is_dense(&mut superuser(&installation).await).await;
    // It has ended, whatever time has passed since.
    installation.output(&demo("7")).await;
    are_equal(&story(&installation).await, &went_on);
}

#[tokio::test]
async fn an_organization_with_a_history_is_not_loaded() {
    let (installation, organization) = simulated("7").await;
    let mut log = superuser(&installation).await;
    let before = events(&mut log).await;
    let refused = installation.run(&in_bulk("7")).await;
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains(&format!("organization {organization} has events already")),
        "{told}"
    );
    assert_eq!(events(&mut log).await, before);

    installation.output(&in_bulk("8")).await;
    assert!(events(&mut log).await > before);
    is_dense(&mut log).await;
}

#[tokio::test]
async fn a_bulk_load_without_the_owner_is_refused() {
    let installation = migrated().await;
    let refused = installation
        .command(&in_bulk("7"))
        .env_remove("DATABASE_URL_OWNER")
        .output()
        .await
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("DATABASE_URL_OWNER"), "{told}");
    assert_eq!(events(&mut superuser(&installation).await).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_any_size_make_the_same_log() {
    let (by_commands, _) = simulated("7").await;
    let told = story(&by_commands).await;
    for batch_events in [1, 40] {
        let installation = migrated().await;
        let commands = process(&installation).await;
        let owner = installation.database().unwrap().owner().await;
        let bulk = commands.bulk(owner, plan().organization(), batch_events).await.unwrap();
        plan().run(&bulk, |_| ()).await.unwrap();
        assert_eq!(bulk.finish().await.unwrap(), told.len() as u64);
        are_equal(&story(&installation).await, &told);
        is_dense(&mut superuser(&installation).await).await;
    }
}

/// Loads in bulk what the first commands lead to, all or most of it.
async fn cut_off(installation: &Installation, commands: u32) {
    let process = process(installation).await;
    let owner = installation.database().unwrap().owner().await;
    let bulk = process.bulk(owner, plan().organization(), 10).await.unwrap();
    let first = OneByOne {
        commands: bulk,
        left: AtomicU32::new(commands),
    };
    let ended = plan().run(&first, |_| ()).await;
    assert!(
        matches!(ended, Err(DemoError::Command(ExecuteError::Conflict))),
        "{ended:?}"
    );
    // What is under way ends, what waits for a full batch is lost.
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_that_was_cut_off_is_ended_by_commands() {
    let (by_commands, _) = simulated("7").await;
    let told = story(&by_commands).await;
    for cut in [1, 60, 250] {
        let installation = migrated().await;
        cut_off(&installation, cut).await;
        plan().run(&process(&installation).await, |_| ()).await.unwrap();
        are_equal(&story(&installation).await, &told);
        is_dense(&mut superuser(&installation).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_that_was_cut_off_is_given_up_once_others_have_let_time_pass() {
    let installation = migrated().await;
    let mut log = superuser(&installation).await;
    cut_off(&installation, 250).await;
    for day in ["2024-03-20", "2024-05-15"] {
        installation.output(&["tick", "--as-of", day]).await;
        let before = events(&mut log).await;
        let refused = installation.run(&demo("7")).await;
        assert_eq!(refused.status.code(), Some(1), "{day}");
        let told = String::from_utf8(refused.stderr).unwrap();
        assert!(told.contains("let time pass") && told.contains("--seed"), "{told}");
        assert_eq!(events(&mut log).await, before, "{day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_ends_when_others_let_time_pass_in_it() {
    let installation = migrated().await;
    let commands = process(&installation).await;
    let tick = ["tick", "--as-of", "2024-05-15"];
    let disturb = |days| {
        if days == 30 {
            block_in_place(|| Handle::current().block_on(installation.output(&tick)));
        }
    };
    let ended = plan().run(&commands, disturb).await;
    assert!(matches!(ended, Err(DemoError::TimePassed { .. })), "{ended:?}");
}

#[tokio::test]
async fn a_bulk_load_into_which_others_write_advises_another_seed() {
    let installation = migrated().await;
    let mut other = superuser(&installation).await;
    let organization = plan().organization();
    let shard = shard_of(organization);
    other.execute("BEGIN").await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock(7001, {shard})");
    other.execute(lock.as_str()).await.unwrap();
    let mut loading = installation.command(&in_bulk("7"));
    let loading = loading.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until_the_owner_waits(&mut superuser(&installation).await).await;
    sqlx::query(
        "INSERT INTO events (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                             payload, metadata, event_id, command_id, command_index, command_hash)
         VALUES ($1, 1, 1, $2, 'vendor', $2, 1, 'vendor.unblocked', 1, '{}', '{}', $2, $2, 0, decode(repeat('07', 32), 'hex'))",
    )
    .bind(shard.as_i16())
    .bind(organization.0)
    .execute(&mut other)
    .await
    .unwrap();
    other.execute("COMMIT").await.unwrap();

    let disturbed = loading.wait_with_output().await.unwrap();
    assert_eq!(disturbed.status.code(), Some(1));
    let told = String::from_utf8(disturbed.stderr).unwrap();
    assert!(
        told.contains("others have written") && told.contains("another --seed"),
        "{told}"
    );
    assert!(!told.contains("without --bulk") && !told.contains("damaged"), "{told}");
    assert_eq!(events(&mut other).await, 1);
}

/// Waits until the owner waits for a shard.
async fn until_the_owner_waits(database: &mut PgConnection) {
    let waits = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND usename = 'propertyos_owner' AND wait_event = 'advisory'";
    for _ in 0..12_000 {
        if sqlx::query_scalar::<_, i64>(waits)
            .fetch_one(&mut *database)
            .await
            .unwrap()
            == 1
        {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("the owner never waited");
}

/// Carries out commands one after the other, and so many of them.
struct OneByOne<C> {
    commands: C,
    left: AtomicU32,
}

impl<C> OneByOne<C> {
    fn forever(commands: C) -> Self {
        Self {
            commands,
            left: AtomicU32::new(u32::MAX),
        }
    }
}

impl<C: CarryOut> CarryOut for OneByOne<C> {
    const AT_ONCE: usize = 1;

    async fn carry_out<D: Command>(&self, invocation: &Invocation, command: &D) -> Result<(), ExecuteError> {
        if self.left.load(Ordering::Relaxed) == 0 {
            return Err(ExecuteError::Conflict);
        }
        self.left.fetch_sub(1, Ordering::Relaxed);
        self.commands.carry_out(invocation, command).await
    }

    async fn load<A: Root>(&self, organization: OrganizationId, id: A::Id) -> Result<Loaded<A>, ReadError> {
        self.commands.load(organization, id).await
    }

    async fn load_before<A: Root>(
        &self,
        organization: OrganizationId,
        id: A::Id,
        instant: DateTime<Utc>,
    ) -> Result<Arc<A>, ReadError> {
        self.commands.load_before(organization, id, instant).await
    }

    async fn load_awake<A: Root>(&self, organization: OrganizationId) -> Result<Aggregates<A>, ReadError> {
        self.commands.load_awake(organization).await
    }

    async fn effective_date(&self, organization: OrganizationId) -> Result<Option<NaiveDate>, ReadError> {
        self.commands.effective_date(organization).await
    }
}
