//! Against a real server: `scripts/with-postgres` starts one and says where.

use std::time::Duration;

use futures::future::join_all;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use uuid::Uuid;

use super::{disintegrate::Disintegrate, emmett, es_entity::Vendors, message_db::MessageDb, postgres_es::PostgresEs};
use crate::{
    load::{self, Load},
    store::{Attempt, Store},
    vendor::{COMMANDS_PER_VENDOR, VendorCommand},
};

const LOAD: Load = Load {
    clients: 2,
    warm_up: Duration::from_millis(100),
    duration: Duration::from_millis(200),
    connections: None,
};

/// The URL of an empty database.
async fn database() -> String {
    let server = std::env::var("PROPERTYOS_TEST_SERVER").expect("run by scripts/with-postgres");
    let name = format!("peers_{}", Uuid::new_v4().simple());
    let options = PgConnectOptions::new()
        .socket(&server)
        .username("postgres")
        .database("postgres");
    let mut connection = options.connect().await.unwrap();
    sqlx::query(&format!("CREATE DATABASE {name}"))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    format!("postgres:///{name}?host={server}&user=postgres")
}

async fn does_the_work_of_the_benchmark<S: Store>() {
    let database: PgConnectOptions = database().await.parse().unwrap();
    S::prepare(&database).await.unwrap();
    lets_a_vendor_live(&S::open(database.clone(), 4).await.unwrap()).await;
    lets_one_of_many_writers_win(&S::open(database.clone(), 4).await.unwrap()).await;
    load::run::<S>("peer", database, LOAD).await.unwrap();
}

/// Each command is decided on what the ones before it have left.
async fn lets_a_vendor_live<S: Store>(store: &S) {
    let vendor_id = Uuid::new_v4();
    for place in 0..COMMANDS_PER_VENDOR {
        let command = VendorCommand::nth(vendor_id, place);
        assert_eq!(
            store.execute(command.clone()).await.unwrap(),
            Attempt::Committed,
            "command {place}"
        );
        assert_ne!(
            store.execute(command).await.ok(),
            Some(Attempt::Committed),
            "command {place}, asked for again"
        );
    }
}

/// Of many that decide on the same state, one appends.
async fn lets_one_of_many_writers_win<S: Store>(store: &S) {
    let vendor_id = Uuid::new_v4();
    for place in 0..COMMANDS_PER_VENDOR {
        let ended = join_all((0..4).map(|_| store.execute(VendorCommand::nth(vendor_id, place)))).await;
        let committed = ended
            .iter()
            .filter(|attempt| matches!(attempt, Ok(Attempt::Committed)))
            .count();
        assert!(committed <= 1, "command {place} was committed {committed} times");
        if committed == 0 {
            load::commit(store, VendorCommand::nth(vendor_id, place)).await.unwrap();
        }
    }
}

#[tokio::test]
async fn postgres_es_does_the_work() {
    does_the_work_of_the_benchmark::<PostgresEs>().await;
}

#[tokio::test]
async fn disintegrate_does_the_work() {
    does_the_work_of_the_benchmark::<Disintegrate>().await;
}

#[tokio::test]
async fn es_entity_does_the_work() {
    does_the_work_of_the_benchmark::<Vendors>().await;
}

#[tokio::test]
async fn message_db_does_the_work() {
    does_the_work_of_the_benchmark::<MessageDb>().await;
}

#[tokio::test]
async fn emmett_does_the_work() {
    let url = database().await;
    emmett::prepare(&url).await.unwrap();
    emmett::run(
        &url,
        Load {
            duration: Duration::from_secs(1),
            ..LOAD
        },
    )
    .await
    .unwrap();
}
