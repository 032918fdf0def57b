//! `propertyos status`

mod page;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use sqlx::{PgPool, Row};
use streams::{node, parked};
use uuid::Uuid;

use super::beside;
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Prints JSON instead of a page.
    #[arg(long)]
    json: bool,
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "status", async |_, connected| {
        let status = Status::of(&connected.pools.stream).await?;
        if arguments.json {
            println!("{}", serde_json::to_string_pretty(&status)?);
        } else {
            print!("{}", page::of(&status));
        }
        Ok(())
    })
    .await
}

/// How everything fares that works on one log.
#[derive(Debug, Serialize)]
struct Status {
    log: Log,
    /// What brings the log to Kafka; nothing if it never ran.
    relay: Option<Reader>,
    projections: Vec<Reader>,
    nodes: Vec<Node>,
    leases: Vec<Lease>,
    parked: Vec<Parked>,
}

#[derive(Debug, Serialize)]
struct Log {
    epoch: i32,
    events: i64,
    /// The last position of each shard.
    heads: Vec<i64>,
}

/// What reads the log in shards that processes share.
#[derive(Debug, Serialize)]
struct Reader {
    name: String,
    version: i32,
    /// Whether this version answers queries.
    active: bool,
    #[serde(flatten)]
    lag: Lag,
    /// How many processes work on it.
    processes: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Lag {
    events_behind: i64,
    /// The age of the oldest of them.
    seconds_behind: f64,
    /// How many sequences stand still.
    parked: i64,
}

/// A process that keeps something whole for itself.
#[derive(Debug, Serialize)]
struct Node {
    name: String,
    url: String,
    #[serde(flatten)]
    lag: Lag,
}

/// Who works on what, and until when that is certain.
#[derive(Debug, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
struct Lease {
    name: String,
    version: i32,
    holder: Uuid,
    shards: Vec<i16>,
    seconds_left: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parked {
    name: String,
    version: u32,
    organization: Uuid,
    event: Uuid,
    event_type: String,
    position: String,
    since: DateTime<Utc>,
    waiting: i64,
    error: String,
}

/// The name under which the relay has checkpoints and leases.
const RELAY: &str = "relay";

impl Status {
    async fn of(stream: &PgPool) -> Result<Self, sqlx::Error> {
        let log = Log::of(stream).await?;
        let mut projections = readers(stream).await?;
        let relay = projections.iter().position(|reader| reader.name == RELAY);
        let relay = relay.map(|index| projections.remove(index));
        // One that never ran is as far behind as the log is long, and nobody waits for it.
        let ran = |relay: &Reader| relay.processes > 0 || relay.lag.events_behind < log.events;
        let nodes = node::lag(stream, None).await?.into_iter().map(Node::from).collect();
        let mut connection = stream.acquire().await?;
        let parked = parked::list(&mut connection, None).await?;
        Ok(Self {
            relay: relay.filter(ran),
            projections,
            nodes,
            leases: leases(stream).await?,
            parked: parked.into_iter().map(Parked::from).collect(),
            log,
        })
    }
}

impl Log {
    async fn of(stream: &PgPool) -> Result<Self, sqlx::Error> {
        let heads: Vec<i64> = sqlx::query_scalar(
            "SELECT coalesce((SELECT e.position FROM events e WHERE e.shard = s.shard ORDER BY e.position DESC LIMIT 1), 0)
               FROM generate_series(0, 15) AS s(shard) ORDER BY s.shard",
        )
        .fetch_all(stream)
        .await?;
        let epoch = sqlx::query_scalar("SELECT coalesce(max(epoch), 1) FROM epochs")
            .fetch_one(stream)
            .await?;
        Ok(Self {
            epoch,
            events: heads.iter().sum(),
            heads,
        })
    }
}

async fn readers(stream: &PgPool) -> Result<Vec<Reader>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT c.projection, c.version, coalesce(bool_or(r.active), false) AS active,
                sum(greatest(h.head - c.position, 0))::bigint AS events,
                coalesce(greatest(max((SELECT extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 FROM events e
                                        WHERE e.shard = c.shard AND e.position BETWEEN c.position + 1 AND c.position + 1
                                        ORDER BY e.position LIMIT 1)), 0), 0) AS seconds,
                (SELECT count(*) FROM parked p WHERE p.projection = c.projection AND p.version = c.version) AS parked,
                (SELECT count(*) FROM workers w WHERE w.projection = c.projection AND w.version = c.version
                    AND w.expires_at > clock_timestamp()) AS processes
           FROM checkpoints c
           LEFT JOIN read_models r USING (projection, version)
          CROSS JOIN LATERAL (
            SELECT coalesce((SELECT e.position FROM events e WHERE e.shard = c.shard
                              ORDER BY e.position DESC LIMIT 1), 0) AS head) h
          GROUP BY c.projection, c.version ORDER BY c.projection, c.version",
    )
    .fetch_all(stream)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Reader {
                name: row.try_get("projection")?,
                version: row.try_get("version")?,
                active: row.try_get("active")?,
                lag: Lag {
                    events_behind: row.try_get("events")?,
                    seconds_behind: row.try_get("seconds")?,
                    parked: row.try_get("parked")?,
                },
                processes: row.try_get("processes")?,
            })
        })
        .collect()
}

async fn leases(stream: &PgPool) -> Result<Vec<Lease>, sqlx::Error> {
    sqlx::query_as(
        "SELECT projection AS name, version, holder, array_agg(shard ORDER BY shard) AS shards,
                min(extract(epoch FROM expires_at - clock_timestamp())::float8) AS seconds_left
           FROM leases WHERE expires_at > clock_timestamp() AND holder IS NOT NULL
          GROUP BY projection, version, holder ORDER BY projection, version, min(shard)",
    )
    .fetch_all(stream)
    .await
}

impl From<node::NodeLag> for Node {
    fn from(node: node::NodeLag) -> Self {
        Self {
            name: node.projection,
            url: node.place,
            lag: Lag {
                events_behind: node.events,
                seconds_behind: node.seconds,
                parked: node.parked,
            },
        }
    }
}

impl From<parked::Parked> for Parked {
    fn from(parked: parked::Parked) -> Self {
        Self {
            name: parked.projection,
            version: parked.version,
            organization: parked.sequence.tenant_id.0,
            event: parked.event_id,
            event_type: parked.event_type,
            position: parked.cursor.to_string(),
            since: parked.recorded_at,
            waiting: parked.waiting,
            error: parked.error,
        }
    }
}
