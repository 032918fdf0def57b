//! The fourth promise: history is immutable, for every role and by every way.

use sqlx::{Connection, Executor, PgConnection};
use store::testing::TestDatabase;

use crate::support::{Build, code, command, new_log, vendor};

const INSUFFICIENT_PRIVILEGE: &str = "42501";
const HISTORY: &str = "PO000";

async fn with_history() -> TestDatabase {
    let (database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 3))
        .await
        .unwrap();
    database
}

/// A connection of a role, by name.
async fn as_role(database: &TestDatabase, role: &str) -> PgConnection {
    if role == "propertyos_append" {
        // Nobody signs in as it; the superuser may put it on.
        let mut connection = database.superuser().await;
        connection.execute("SET ROLE propertyos_append").await.unwrap();
        return connection;
    }
    PgConnection::connect(&database.url(role)).await.unwrap()
}

/// The log's tables: the whole, and each of its leaves.
fn tables() -> impl Iterator<Item = String> {
    std::iter::once("events".to_owned()).chain((0..16).map(|shard| format!("events_{shard}")))
}

/// Every statement that would change what stands in a table.
fn changes(table: &str) -> [String; 6] {
    [
        format!("UPDATE {table} SET event_type = 'x'"),
        format!("UPDATE {table} SET event_type = 'x' WHERE false"),
        format!("DELETE FROM {table}"),
        format!("DELETE FROM {table} WHERE position = 1"),
        format!("TRUNCATE {table}"),
        format!("TRUNCATE {table} CASCADE"),
    ]
}

#[tokio::test]
async fn no_role_has_the_privilege_to_change_an_event() {
    let database = with_history().await;
    for role in ["propertyos_app", "propertyos_stream", "propertyos_append"] {
        let mut connection = as_role(&database, role).await;
        for table in tables() {
            for change in changes(&table) {
                let refused = connection.execute(change.as_str()).await.unwrap_err();
                assert_eq!(code(&refused), INSUFFICIENT_PRIVILEGE, "{role}: {change}: {refused}");
            }
        }
    }
}

#[tokio::test]
async fn triggers_refuse_also_whoever_has_the_privilege() {
    let database = with_history().await;
    for role in ["propertyos_owner", "postgres"] {
        let mut connection = as_role(&database, role).await;
        for table in tables() {
            for change in changes(&table) {
                let refused = connection.execute(change.as_str()).await.unwrap_err();
                assert_eq!(code(&refused), HISTORY, "{role}: {change}: {refused}");
            }
        }
    }
}

#[tokio::test]
async fn triggers_hold_also_in_a_session_that_switches_triggers_off() {
    let database = with_history().await;
    let mut superuser = database.superuser().await;
    superuser
        .execute("SET session_replication_role = replica")
        .await
        .unwrap();
    for change in changes("events_10") {
        let refused = superuser.execute(change.as_str()).await.unwrap_err();
        assert_eq!(code(&refused), HISTORY, "{change}: {refused}");
    }
}

#[tokio::test]
async fn an_upsert_or_a_merge_changes_nothing_either() {
    let database = with_history().await;
    let mut superuser = database.superuser().await;
    let upsert = "INSERT INTO events SELECT * FROM events WHERE position = 1
                  ON CONFLICT (shard, position) DO UPDATE SET event_type = 'x'";
    let merge = "MERGE INTO events_10 e USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE";
    for change in [upsert, merge] {
        let refused = superuser.execute(change).await.unwrap_err();
        assert_eq!(code(&refused), HISTORY, "{change}: {refused}");
    }
}

#[tokio::test]
async fn nobody_but_the_append_function_adds_an_event() {
    let database = with_history().await;
    for role in ["propertyos_app", "propertyos_stream"] {
        let mut connection = as_role(&database, role).await;
        for table in tables() {
            let copy = format!("INSERT INTO {table} SELECT * FROM events");
            let refused = connection.execute(copy.as_str()).await.unwrap_err();
            assert_eq!(code(&refused), INSUFFICIENT_PRIVILEGE, "{role}: {copy}: {refused}");
        }
    }
}

#[tokio::test]
async fn the_epochs_of_the_log_are_history_too() {
    let database = with_history().await;
    for role in ["propertyos_owner", "postgres"] {
        let mut connection = as_role(&database, role).await;
        for change in [
            "UPDATE epochs SET survived = 0",
            "DELETE FROM epochs",
            "TRUNCATE epochs",
        ] {
            let refused = connection.execute(change).await.unwrap_err();
            assert_eq!(code(&refused), HISTORY, "{role}: {change}: {refused}");
        }
    }
    for role in ["propertyos_app", "propertyos_stream"] {
        let mut connection = as_role(&database, role).await;
        for change in ["INSERT INTO epochs SELECT * FROM epochs", "SELECT begin_epoch()"] {
            let refused = connection.execute(change).await.unwrap_err();
            assert_eq!(code(&refused), INSUFFICIENT_PRIVILEGE, "{role}: {change}: {refused}");
        }
    }
}
