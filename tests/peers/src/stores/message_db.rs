//! `message-db`: functions in the database. A stream's messages are read, and the next is written with the version that the
//! decision was made on.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use sqlx::{PgPool, postgres::PgConnectOptions, types::Json};
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    store::{Attempt, Store, open_pool},
    vendor::{VendorCommand, VendorEvent, VendorState},
};

/// Its functions, called through a pool.
pub struct MessageDb(PgPool);

impl Store for MessageDb {
    const MAX_CONNECTIONS: u32 = 32;

    async fn prepare(database: &PgConnectOptions) -> Result<()> {
        let fetch = Path::new(env!("CARGO_MANIFEST_DIR")).join("message-db");
        let fetched = Command::new(fetch).stderr(Stdio::inherit()).output().await?;
        ensure!(fetched.status.success(), "message-db can't be fetched");
        let package = String::from_utf8(fetched.stdout)?;
        let host = database
            .get_socket()
            .map_or(Path::new(database.get_host()), |socket| socket);
        // Its own installer, which reads the environment that psql reads.
        let installed = Command::new(Path::new(package.trim()).join("database/install.sh"))
            .env("CREATE_DATABASE", "off")
            .env(
                "DATABASE_NAME",
                database.get_database().context("the URL names no database")?,
            )
            .env("PGHOST", host)
            .env("PGPORT", database.get_port().to_string())
            .env("PGUSER", database.get_username())
            .output()
            .await?;
        ensure!(
            installed.status.success(),
            "message-db: {}",
            String::from_utf8_lossy(&installed.stderr)
        );
        Ok(())
    }

    async fn open(database: PgConnectOptions, connections: u32) -> Result<Self> {
        let database = database.options([("search_path", "message_store,public")]);
        Ok(Self(open_pool(database, connections).await?))
    }

    async fn execute(&self, command: VendorCommand) -> Result<Attempt> {
        // Its convention: the category, a dash, the id.
        let stream = format!("vendor-{}", command.vendor_id);
        let messages: Vec<(i64, String)> = sqlx::query_as("SELECT position, data FROM get_stream_messages($1)")
            .bind(&stream)
            .fetch_all(&self.0)
            .await?;
        let mut vendor = VendorState::default();
        for (_, data) in &messages {
            vendor.apply(&serde_json::from_str(data)?);
        }
        let event = vendor.decide(command)?;
        self.write(&stream, &event, messages.last().map_or(-1, |(position, _)| *position))
            .await
    }
}

impl MessageDb {
    async fn write(&self, stream: &str, event: &VendorEvent, expected_version: i64) -> Result<Attempt> {
        let written = sqlx::query("SELECT write_message($1, $2, $3, $4, NULL, $5)")
            .bind(Uuid::new_v4().to_string())
            .bind(stream)
            .bind(event.name())
            .bind(Json(event))
            .bind(expected_version)
            .execute(&self.0)
            .await;
        match written {
            Ok(_) => Ok(Attempt::Committed),
            // It has no code of its own for this.
            Err(sqlx::Error::Database(error)) if error.message().starts_with("Wrong expected version") => {
                Ok(Attempt::Conflict)
            }
            Err(error) => Err(error.into()),
        }
    }
}
