//! A database per test.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::{runtime, sync::OnceCell};

use super::TestServer;
use crate::{
    ConnectionSettings, MigrationSet, Pools, connect,
    migrations::{self, checksum},
    roles,
};

/// A fresh database with the schema of some crates, dropped with this value.
pub struct TestDatabase {
    server: Arc<TestServer>,
    name: String,
    pools: OnceCell<Pools>,
}

impl TestDatabase {
    /// One on the server that tests share.
    ///
    /// # Panics
    /// Without a server.
    pub async fn new(sets: &[MigrationSet]) -> Self {
        Self::on(TestServer::shared().await, sets).await
    }

    pub(super) async fn on(server: Arc<TestServer>, sets: &[MigrationSet]) -> Self {
        let template = template(&server, sets).await;
        Self::like(server, &template).await
    }

    /// Another one with the same content. Nobody may be connected to this one meanwhile.
    ///
    /// # Panics
    /// If somebody is.
    pub async fn copy(&self) -> Self {
        Self::like(self.server.clone(), &self.name).await
    }

    async fn like(server: Arc<TestServer>, template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::made_of(server, template, format!("test_{}_{number}", std::process::id())).await
    }

    pub(super) async fn named(server: Arc<TestServer>, name: &str) -> Self {
        let template = template(&server, &[]).await;
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let mut superuser = server.superuser("postgres").await;
        superuser.execute(drop.as_str()).await.expect("a superuser may");
        Self::made_of(server, &template, name.to_owned()).await
    }

    pub(super) fn kept(server: Arc<TestServer>, name: &str) -> Self {
        Self {
            server,
            name: name.to_owned(),
            pools: OnceCell::new(),
        }
    }

    async fn made_of(server: Arc<TestServer>, template: &str, name: String) -> Self {
        let mut superuser = server.superuser("postgres").await;
        let create = format!("CREATE DATABASE {name} OWNER {} TEMPLATE {template}", roles::OWNER);
        superuser
            .execute(create.as_str())
            .await
            .expect("a copy of the template");
        roles::grant_on_database(&mut superuser, &name)
            .await
            .expect("a grant on one's own database");
        Self {
            server,
            name,
            pools: OnceCell::new(),
        }
    }

    /// How to reach it: for a process under test, or for pools of other sizes.
    #[must_use]
    pub fn settings(&self) -> ConnectionSettings {
        ConnectionSettings::local(self.server.socket_folder(), &self.name)
    }

    /// Its pools, the same ones at each call.
    ///
    /// # Panics
    /// If the start-up checks refuse it.
    pub async fn pools(&self) -> Pools {
        let open = || async { connect(&self.settings()).await.expect("a database fit to serve") };
        self.pools.get_or_init(open).await.clone()
    }

    /// A new connection of the role that owns the schema.
    ///
    /// # Panics
    /// Without a connection.
    pub async fn owner(&self) -> PgConnection {
        self.settings().connect_owner().await.expect("the owner's connection")
    }

    /// A new connection of the superuser: whom no policy binds, for looking behind the scenes.
    ///
    /// # Panics
    /// Without a connection.
    pub async fn superuser(&self) -> PgConnection {
        self.server.superuser(&self.name).await
    }

    /// A connection string for one of the roles, for a process under test.
    #[must_use]
    pub fn url(&self, role: &str) -> String {
        let folder = self.server.socket_folder().display();
        format!("postgres:///{}?host={folder}&user={role}", self.name)
    }

    /// Where a program that is told them one by one finds it: the folder of its server's socket, and its name.
    #[must_use]
    pub fn place(&self) -> [String; 2] {
        [self.server.socket_folder().display().to_string(), self.name.clone()]
    }

    /// The superuser's connection string.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.url("postgres")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.server.is_own() {
            return; // It goes with its server, which may not even run.
        }
        let server = self.server.clone();
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A runtime of its own, since the test's is busy being torn down.
        let dropped = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                server
                    .superuser("postgres")
                    .await
                    .execute(drop.as_str())
                    .await
                    .map(|_| ())
            })
        });
        if !thread::panicking() {
            dropped.join().expect("no panic").expect("the database is dropped");
        }
    }
}

/// The name of a database to copy, made once per server and schema.
async fn template(server: &TestServer, sets: &[MigrationSet]) -> String {
    let name = template_name(sets);
    let mut superuser = server.superuser("postgres").await;
    // Held by the session, since databases can't be made in a transaction; whoever comes second finds it made.
    let lock = sqlx::query("SELECT pg_advisory_lock(7000003)")
        .execute(&mut superuser)
        .await;
    lock.expect("a lock");
    let made: Option<bool> = sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut superuser)
        .await
        .expect("a list of databases");
    if made != Some(true) {
        make_template(server, &mut superuser, &name, sets).await;
    }
    superuser.close().await.expect("the lock is released");
    name
}

async fn make_template(server: &TestServer, superuser: &mut PgConnection, name: &str, sets: &[MigrationSet]) {
    // Left by a test process that ended half-way.
    superuser
        .execute(format!("DROP DATABASE IF EXISTS {name}").as_str())
        .await
        .expect("nobody uses it");
    roles::create(superuser).await.expect("roles");
    roles::create_database(superuser, name).await.expect("a new database");
    let settings = ConnectionSettings::local(server.socket_folder(), name);
    let mut owner = settings.connect_owner().await.expect("the owner's connection");
    migrations::run(&mut owner, sets).await.expect("the schema");
    owner.close().await.expect("nobody is connected to a template");
    let finish = format!("ALTER DATABASE {name} IS_TEMPLATE true");
    superuser.execute(finish.as_str()).await.expect("a finished template");
}

/// From all that was ever written into the migrations: another schema is another template.
fn template_name(sets: &[MigrationSet]) -> String {
    let steps = sets
        .iter()
        .flat_map(|(set, migrations)| migrations.iter().map(move |step| [*set, step.name, step.sql]));
    let text = steps.map(|step| step.join("\0")).collect::<Vec<_>>().join("\0");
    let digest = checksum(&text);
    digest[..8]
        .iter()
        .fold("template_".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
