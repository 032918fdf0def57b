//! Other event stores under the load of the append benchmark. `README.md` beside this says what each is and how it is set up.

mod load;
mod store;
mod stores;
mod vendor;

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, ValueEnum};
use sqlx::postgres::PgConnectOptions;

use load::Load;
use store::Store;
use stores::{disintegrate::Disintegrate, emmett, es_entity::Vendors, message_db::MessageDb, postgres_es::PostgresEs};

/// Other event stores under the load of the append benchmark.
#[derive(Parser)]
enum Command {
    /// Install a peer's schema into an empty database.
    Prepare {
        /// Whose.
        peer: Peer,
        /// The database, as a superuser.
        #[arg(long)]
        url: String,
    },
    /// Put a load on a peer and print what it did as one line of JSON.
    Run(Run),
    /// Print the names of the peers.
    List,
}

#[derive(Args)]
struct Run {
    /// Which.
    peer: Peer,
    /// Its prepared database.
    #[arg(long)]
    url: String,
    /// How many clients ask at once.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// For how long.
    #[arg(long, value_parser = seconds)]
    seconds: Duration,
    /// For how many seconds before that, which don't count: connections make their plans, and a just-in-time compiler compiles.
    #[arg(long, value_parser = seconds, default_value = "0")]
    warm_up: Duration,
    /// How many connections they share, if not as many as suit the peer.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    connections: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Peer {
    PostgresEs,
    Disintegrate,
    EsEntity,
    MessageDb,
    Emmett,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::Prepare { peer, url } => prepare(peer, &url).await,
        Command::Run(run) => put_load(&run).await,
        Command::List => {
            for peer in Peer::value_variants() {
                println!("{}", peer.name());
            }
            Ok(())
        }
    }
}

async fn prepare(peer: Peer, url: &str) -> Result<()> {
    let database: PgConnectOptions = url.parse()?;
    match peer {
        Peer::PostgresEs => PostgresEs::prepare(&database).await,
        Peer::Disintegrate => Disintegrate::prepare(&database).await,
        Peer::EsEntity => Vendors::prepare(&database).await,
        Peer::MessageDb => MessageDb::prepare(&database).await,
        Peer::Emmett => emmett::prepare(url).await,
    }
}

async fn put_load(run: &Run) -> Result<()> {
    let (peer, database) = (run.peer.name(), run.url.parse()?);
    let load = Load {
        clients: run.clients,
        warm_up: run.warm_up,
        duration: run.seconds,
        connections: run.connections,
    };
    let report = match run.peer {
        Peer::PostgresEs => load::run::<PostgresEs>(&peer, database, load).await?,
        Peer::Disintegrate => load::run::<Disintegrate>(&peer, database, load).await?,
        Peer::EsEntity => load::run::<Vendors>(&peer, database, load).await?,
        Peer::MessageDb => load::run::<MessageDb>(&peer, database, load).await?,
        Peer::Emmett => emmett::run(&run.url, load).await?,
    };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

fn seconds(text: &str) -> Result<Duration> {
    Ok(Duration::try_from_secs_f64(text.parse()?)?)
}

impl Peer {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
