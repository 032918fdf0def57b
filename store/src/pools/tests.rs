use std::time::Instant;

use sqlx::Executor;

use super::*;
use crate::{
    MIGRATIONS,
    testing::{TestDatabase, TestServer},
};

async fn refusal(settings: &ConnectionSettings) -> String {
    connect(settings).await.expect_err("a refusal").to_string()
}

#[tokio::test]
async fn a_connection_that_signs_in_as_another_role_is_refused() {
    let database = TestDatabase::new(&[]).await;
    let settings = database.settings();
    let swapped = ConnectionSettings {
        app: settings.stream.clone(),
        ..settings.clone()
    };
    assert_eq!(
        refusal(&swapped).await,
        "the connection meant for propertyos_app signs in as propertyos_stream"
    );
    let owner = ConnectionSettings {
        stream: settings.owner.clone().unwrap(),
        ..settings.clone()
    };
    assert_eq!(
        refusal(&owner).await,
        "the connection meant for propertyos_stream signs in as propertyos_owner"
    );
    let no_owner = ConnectionSettings {
        owner: Some(settings.app.clone()),
        ..settings
    };
    let refused = no_owner.connect_owner().await.expect_err("a refusal");
    assert_eq!(
        refused.to_string(),
        "the connection meant for propertyos_owner signs in as propertyos_app"
    );
}

#[tokio::test]
async fn a_role_that_could_get_around_the_policies_is_refused() {
    // Roles belong to the whole server: this test needs one that nobody else signs in to.
    let server = TestServer::own().await;
    let database = server.database(&[("store", MIGRATIONS)]).await;
    let settings = database.settings();
    connect(&settings).await.unwrap().close().await;
    let mut superuser = database.superuser().await;
    for (grant, revoke, may) in [
        (
            "ALTER ROLE propertyos_app SUPERUSER",
            "ALTER ROLE propertyos_app NOSUPERUSER",
            "be a superuser",
        ),
        (
            "ALTER ROLE propertyos_app BYPASSRLS",
            "ALTER ROLE propertyos_app NOBYPASSRLS",
            "bypass row-level security",
        ),
        (
            "ALTER ROLE propertyos_app CREATEROLE",
            "ALTER ROLE propertyos_app NOCREATEROLE",
            "create roles",
        ),
        (
            "ALTER ROLE propertyos_app REPLICATION",
            "ALTER ROLE propertyos_app NOREPLICATION",
            "replicate",
        ),
        (
            "GRANT propertyos_append TO propertyos_app",
            "REVOKE propertyos_append FROM propertyos_app",
            "be a member of propertyos_owner or propertyos_append",
        ),
        (
            "ALTER TABLE personal_keys OWNER TO propertyos_app",
            "ALTER TABLE personal_keys OWNER TO propertyos_owner",
            "own a table of the log's schema",
        ),
    ] {
        superuser.execute(grant).await.unwrap();
        assert_eq!(refusal(&settings).await, format!("propertyos_app must not {may}"));
        superuser.execute(revoke).await.unwrap();
    }
    superuser
        .execute("GRANT propertyos_owner TO propertyos_stream")
        .await
        .unwrap();
    assert_eq!(
        refusal(&settings).await,
        "propertyos_stream must not be a member of propertyos_owner or propertyos_append"
    );
    superuser
        .execute("REVOKE propertyos_owner FROM propertyos_stream")
        .await
        .unwrap();
    connect(&settings).await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let database = TestDatabase::new(&[]).await;
    let mut superuser = database.superuser().await;
    let name = format!("latin_{}", std::process::id());
    superuser
        .execute(format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'").as_str())
        .await
        .unwrap();
    let settings = database.settings();
    let latin = ConnectionSettings {
        app: settings.app.database(&name),
        stream: settings.stream.database(&name),
        ..database.settings()
    };
    assert_eq!(refusal(&latin).await, "the database is encoded as LATIN1, not as UTF8");
    superuser
        .execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str())
        .await
        .unwrap();
}

#[tokio::test]
async fn pools_go_on_after_the_server_was_restarted() {
    let server = TestServer::own().await;
    let database = server.database(&[("store", MIGRATIONS)]).await;
    let pools = database.pools().await;
    server.kill().await;
    assert!(pools.app.execute("SELECT 1").await.is_err());
    server.start().await;
    let since = Instant::now();
    while pools.app.execute("SELECT 1").await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(20), "still no connection");
    }
}

#[tokio::test]
async fn a_request_on_a_stalled_server_gives_up_in_time() {
    let server = TestServer::own().await;
    let database = server.database(&[("store", MIGRATIONS)]).await;
    let settings = ConnectionSettings {
        app_connections: 1,
        acquire_timeout: Duration::from_millis(200),
        ..database.settings()
    };
    let pools = connect(&settings).await.unwrap();
    let held = pools.app.acquire().await.unwrap();
    server.stall();
    let since = Instant::now();
    assert!(matches!(pools.app.acquire().await, Err(sqlx::Error::PoolTimedOut)));
    assert!(since.elapsed() < Duration::from_secs(5));
    server.resume();
    drop(held);
    pools.app.execute("SELECT 1").await.unwrap();
}

#[test]
fn a_url_that_is_none_is_refused_without_being_repeated() {
    let (app, stream, owner) = (
        "postgres://a:secret@host/db",
        "postgresql://b@host/db",
        "postgres://c@host/db",
    );
    ConnectionSettings::outside(app, stream, Some(owner)).unwrap();
    let refused = ConnectionSettings::outside(app, "mysql://b@host/db", None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the connection string for propertyos_stream doesn't begin with postgres://"
    );
    let refused = ConnectionSettings::outside("postgres://a:secret@host:port/db", stream, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the connection string for propertyos_app can't be read"
    );
}

#[tokio::test]
async fn a_connection_that_broke_while_it_rested_is_not_there() {
    let database = TestDatabase::new(&[]).await;
    let mut connection = PgConnection::connect_with(&database.settings().stream).await.unwrap();
    assert!(is_there(&mut connection, RESTED).await);
    let ended: bool = sqlx::query_scalar(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE usename = 'propertyos_stream' AND datname = current_database()",
    )
    .fetch_one(&mut database.superuser().await)
    .await
    .unwrap();
    assert!(ended);
    // Used a moment ago it is taken to be there, and its user finds out.
    assert!(is_there(&mut connection, Duration::ZERO).await);
    assert!(!is_there(&mut connection, RESTED).await);
}
