//! What a process works with: its data folder, its database and its keys.

use std::{path::PathBuf, sync::Arc};

use commands::{Metrics, execute::Commands, log::EventLog};
use sqlx::PgConnection;
use store::{
    ConnectError, ConnectionSettings, MigrationSet, Pools,
    data_folder::{DataFolder, Database, FolderLock},
    personal::PersonalData,
    private_server::PrivateServer,
    secrets::Secrets,
};

use crate::config::{Config, Secret};

/// Every table of PropertyOS but those of read models, which their projectors make.
pub const MIGRATIONS: &[MigrationSet] = &[
    ("store", store::MIGRATIONS),
    ("commands", commands::MIGRATIONS),
    ("streams", streams::MIGRATIONS),
];

/// What a process is to the data folder and its private database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It has them for itself: a second one is refused.
    Alone,
    /// It works beside the one that has them, or starts the database itself if there is none.
    Beside,
    /// It works as long as the one that has them, and not without.
    Joined,
}

/// A data folder and a database that answers.
pub struct Installation {
    folder: DataFolder,
    search: Option<PathBuf>,
    database: Answering,
    settings: ConnectionSettings,
}

enum Answering {
    Private(PrivateServer),
    Outside(Option<FolderLock>),
}

impl Installation {
    /// Finds or makes the data folder, and finds or starts the database. `command` is the subcommand that needs them.
    ///
    /// # Errors
    /// Another process that has the folder, a server that doesn't start, a URL that can't be read.
    pub async fn open(config: &Config, command: &str, how: Use) -> anyhow::Result<Self> {
        let owner = config.database_url_owner.as_ref().map(Secret::reveal);
        let urls = (&config.database_url, &config.database_url_streams);
        let (folder, database, mut settings) = if let (Some(app), Some(streams)) = urls {
            let folder = DataFolder::open(&config.data_dir)?;
            let lock = match how {
                Use::Alone => Some(folder.lock(command)?),
                Use::Beside | Use::Joined => None,
            };
            if let Some(lock) = &lock {
                lock.announce_database(Database::Outside)?;
            }
            let settings = ConnectionSettings::outside(app.reveal(), streams.reveal(), owner)?;
            (folder, Answering::Outside(lock), settings)
        } else {
            let folder = DataFolder::open_for_private_server(&config.data_dir)?;
            if let Some(notice) = folder.notice() {
                eprintln!("{notice}");
            }
            let server = match how {
                Use::Alone => PrivateServer::start(&folder, command).await?,
                Use::Beside => PrivateServer::reach(&folder, command).await?,
                Use::Joined => PrivateServer::join(&folder, command).await?,
            };
            let settings = server.settings();
            (folder, Answering::Private(server), settings)
        };
        settings.app_connections = config.app_connections;
        settings.stream_connections = config.stream_connections;
        Ok(Self {
            folder,
            search: config.search_dir.clone(),
            database,
            settings,
        })
    }

    /// Whether the schema is this process's to bring up to date before it works: a database that it started itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(&self.database, Answering::Private(server) if server.is_own())
    }

    /// Brings the schema up to this build, and introduces the keys to a new database. Returns how many steps that took. The
    /// owner's connection is closed again.
    ///
    /// # Errors
    /// A schema that is newer or was altered, or a database that can't be asked.
    pub async fn migrate(&self) -> anyhow::Result<usize> {
        let mut owner = self.settings.connect_owner().await?;
        let steps = store::migrations::run(&mut owner, MIGRATIONS).await?;
        self.secrets()?.introduce(&mut owner).await?;
        sqlx::Connection::close(owner).await?;
        Ok(steps)
    }

    /// The owner's connection, for what only the owner may: to be closed when that is done.
    ///
    /// # Errors
    /// No owner in the settings, or no connection.
    pub async fn owner(&self) -> Result<PgConnection, ConnectError> {
        self.settings.connect_owner().await
    }

    /// Begins a new life of the log, after it was restored from a copy. Returns its number.
    ///
    /// # Errors
    /// A database that can't be asked.
    pub async fn begin_epoch(&self) -> anyhow::Result<i32> {
        let mut owner = self.settings.connect_owner().await?;
        let epoch = commands::log::epoch::begin(&mut owner).await?;
        sqlx::Connection::close(owner).await?;
        Ok(epoch)
    }

    /// Connections that are what they should be, to a schema that this build knows, made with these keys.
    ///
    /// # Errors
    /// Says which of that doesn't hold.
    pub async fn connect(&self) -> anyhow::Result<Connected> {
        let pools = store::connect(&self.settings).await?;
        store::migrations::verify(&pools.app, MIGRATIONS).await?;
        let secrets = self.secrets()?;
        secrets.verify(&pools.app).await?;
        let personal = PersonalData::new(secrets.master);
        let metrics = Metrics::default();
        let log = EventLog::new(pools.app.clone(), metrics.clone());
        let commands = Commands::new(log, personal.clone(), secrets.command_hash);
        Ok(Connected {
            pools,
            personal,
            commands: Arc::new(commands),
            metrics,
        })
    }

    /// The file with the keys that tokens are signed with.
    #[must_use]
    pub fn signing_keys(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    /// Where this process's search index is, or will be.
    ///
    /// # Errors
    /// If the folder can't be made.
    pub fn search_folder(&self) -> anyhow::Result<PathBuf> {
        match &self.search {
            Some(own) => Ok(DataFolder::open(own)?.path().to_owned()),
            None => Ok(self.folder.private_folder("search")?),
        }
    }

    /// Tells whoever finds the folder in use where this process serves.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn announce_url(&self, url: &str) -> anyhow::Result<()> {
        match &self.database {
            Answering::Private(server) => server.announce_url(url)?,
            Answering::Outside(Some(lock)) => lock.announce_url(url)?,
            Answering::Outside(None) => {}
        }
        Ok(())
    }

    /// Waits until the private server has ended, which it doesn't by itself. Of one that others run nothing is known.
    pub async fn database_ended(&mut self) {
        match &mut self.database {
            Answering::Private(server) => server.ended().await,
            Answering::Outside(_) => std::future::pending().await,
        }
    }

    /// Stops the private server, if this process started it.
    pub async fn close(self) {
        if let Answering::Private(server) = self.database {
            server.stop().await;
        }
    }

    fn secrets(&self) -> anyhow::Result<Secrets> {
        Ok(Secrets::in_folder(&self.folder.private_folder("secrets")?)?)
    }
}

/// Connections, and what carries out commands over them.
pub struct Connected {
    /// The connections, by role.
    pub pools: Pools,
    /// The keys of personal data.
    pub personal: PersonalData,
    /// Carries out commands.
    pub commands: Arc<Commands>,
    /// What the write side counts.
    pub metrics: Metrics,
}
