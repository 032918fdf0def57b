//! The fifth promise: isolation is in the database. Whoever has the API's connection and any SQL, short of setting another
//! organization, reads nothing of it and forges nothing.

use sqlx::{Connection, Executor, PgConnection, PgPool, Row};
use store::testing::TestDatabase;

use crate::support::{Build, Call, NEIGHBOURS, OURS, THEIRS, code, command, new_log, payload, vendor};

const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Two organizations on one shard and one on another, each with a secret in its payloads and a person's key.
async fn with_secrets() -> (TestDatabase, PgPool) {
    let (database, log) = new_log().await;
    for (id, organization) in [(1, OURS), (2, THEIRS), (3, NEIGHBOURS)] {
        let mut secret = command(id)
            .of(organization)
            .expecting(vendor(1), 0)
            .writing(vendor(1), 1);
        secret.events[0].payload = payload(&format!(r#"{{"secret":"{organization}"}}"#));
        secret.person_keys.push((uuid::Uuid::from_u128(id).into(), vec![0]));
        log.append(secret).await.unwrap();
    }
    let app = database.pools().await.app;
    (database, app)
}

/// The tables that hold data of organizations.
fn tables() -> impl Iterator<Item = String> {
    let leaves = (0..16).map(|shard| format!("events_{shard}"));
    ["events".to_owned(), "personal_keys".to_owned()]
        .into_iter()
        .chain(leaves)
}

#[tokio::test]
async fn without_an_organization_the_api_sees_nothing() {
    let (_database, app) = with_secrets().await;
    for table in tables() {
        let rows: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}"))
            .fetch_one(&app)
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[tokio::test]
async fn with_an_organization_the_api_sees_that_one_only() {
    let (_database, app) = with_secrets().await;
    for organization in [OURS, THEIRS, NEIGHBOURS] {
        let mut read = store::organization::read(&app, organization).await.unwrap();
        for table in ["events", "personal_keys"] {
            let rows = sqlx::query(&format!("SELECT tenant_id FROM {table}"))
                .fetch_all(&mut *read)
                .await
                .unwrap();
            let owners: Vec<uuid::Uuid> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(owners, [organization.0], "{table}");
        }
    }
}

/// SQL that tries to get at the rows of others. What it may not is refused; what it may shows nothing of them.
const BREAK_OUTS: &[&str] = &[
    "SELECT * FROM events",
    "SELECT * FROM ONLY events_10",
    "SELECT e::text FROM events e WHERE tenant_id IS NOT NULL OR true",
    "SELECT * FROM events WHERE tenant_id <> current_setting('app.current_tenant_id')::uuid",
    "SELECT a.* FROM events a FULL JOIN events b ON a.tenant_id <> b.tenant_id",
    "TABLE events_5",
    "SELECT max(position), string_agg(payload::text, '') FROM events_10",
    "SELECT (SELECT string_agg(e.payload::text, '') FROM events e)",
    "WITH RECURSIVE r AS (SELECT * FROM events UNION SELECT * FROM events_10) SELECT * FROM r",
    "SELECT * FROM events TABLESAMPLE BERNOULLI (100)",
    "SELECT query_to_xml('SELECT * FROM events', true, true, '')",
    "SELECT table_to_xml('events', true, true, '')",
    "SELECT database_to_xml(true, true, '')",
    // A cheap function that leaks its argument is tried before the policy, if the planner lets it.
    "DO $$ BEGIN PERFORM FROM events WHERE length(payload::text) / (position - position) > 0; END $$",
    "SELECT * FROM events WHERE 1 / (CASE WHEN payload::text LIKE '%0002%' THEN 0 ELSE 1 END) = 1",
    "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename LIKE 'events%'",
    "SELECT stavalues1::text FROM pg_statistic",
    "SET row_security = off; SELECT * FROM events",
    "SET ROLE propertyos_stream",
    "SET ROLE propertyos_owner",
    "SET ROLE propertyos_append",
    "SET SESSION AUTHORIZATION propertyos_stream",
    "COPY events TO STDOUT",
    "COPY (SELECT * FROM events_5) TO STDOUT",
    "COPY events TO PROGRAM 'cat'",
    "CREATE TEMP VIEW v AS SELECT * FROM events; SELECT * FROM v",
    "CREATE FUNCTION pg_temp.f() RETURNS SETOF events LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM public.events'; SELECT * FROM pg_temp.f()",
    "CREATE TABLE public.copy AS SELECT * FROM events",
    "CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_ne)",
    "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE events_10 NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE events DETACH PARTITION events_10",
    "CREATE POLICY mine ON events TO propertyos_app USING (true)",
    "DROP POLICY organization ON events",
    "ALTER ROLE propertyos_app BYPASSRLS",
    "GRANT propertyos_stream TO propertyos_app",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT * FROM pg_get_wal_records_info('0/0', '0/1')",
    "LOCK TABLE events IN SHARE MODE; SELECT * FROM events",
    "SELECT * FROM events FOR UPDATE",
];

#[tokio::test]
async fn no_sql_short_of_the_setting_reads_another_organizations_rows() {
    let (database, app) = with_secrets().await;
    database.superuser().await.execute("ANALYZE").await.unwrap();
    let secrets = [THEIRS, NEIGHBOURS].map(|organization| organization.to_string());
    for break_out in BREAK_OUTS {
        let mut connection = store::organization::read(&app, OURS).await.unwrap();
        // Several statements at once need the simple protocol: every result of every statement comes back.
        let told = match connection.fetch_all(*break_out).await {
            Ok(rows) => rows.iter().map(everything).collect::<Vec<_>>().join("\n"),
            Err(error) => format!("{error:?}"),
        };
        for secret in &secrets {
            assert!(!told.contains(secret), "{break_out}\n{told}");
        }
        // Broken as the transaction may be by now, its connection doesn't go back to the others.
        drop(connection);
    }
    // The statements that name no secret can't tell that they saw one; so that this test can fail, here is who sees all.
    let all = database
        .pools()
        .await
        .stream
        .fetch_all("SELECT e::text FROM events e")
        .await
        .unwrap();
    let all = all.iter().map(everything).collect::<Vec<_>>().join("\n");
    assert!(secrets.iter().all(|secret| all.contains(secret)), "{all}");
}

/// A row as text, whatever it is made of.
fn everything(row: &sqlx::postgres::PgRow) -> String {
    let bytes = |index| {
        row.try_get_raw(index)
            .ok()
            .and_then(|value| value.as_bytes().ok().map(<[u8]>::to_vec))
    };
    let columns: Vec<u8> = (0..row.len()).filter_map(bytes).flatten().collect();
    String::from_utf8_lossy(&columns).into_owned()
}

#[tokio::test]
async fn no_row_of_another_organization_can_be_told_by_an_error_it_causes() {
    let (_database, app) = with_secrets().await;
    // Fails if the expression is ever evaluated for a row of theirs, and not for ours.
    let probe = format!(
        "SELECT count(*) FROM events WHERE 1 / (CASE WHEN payload::text LIKE '%{NEIGHBOURS}%' THEN 0 ELSE 1 END) = 1"
    );
    let mut read = store::organization::read(&app, OURS).await.unwrap();
    let ours: i64 = sqlx::query_scalar(&probe).fetch_one(&mut *read).await.unwrap();
    assert_eq!(ours, 1);
    let mut read = store::organization::read(&app, NEIGHBOURS).await.unwrap();
    assert!(sqlx::query(&probe).fetch_one(&mut *read).await.is_err());
}

#[tokio::test]
async fn an_organization_is_written_to_on_its_own_shard_only() {
    let (database, _app) = with_secrets().await;
    let mut app = PgConnection::connect(&database.url("propertyos_app")).await.unwrap();
    for shard in (0..16).filter(|shard| *shard != 10) {
        // Elsewhere its streams would begin again, with sequences and command ids that it has.
        let refused = Call::plain().make(&mut app, shard).await.unwrap_err();
        assert_eq!(code(&refused), "PO001", "{shard}: {refused}");
    }
}

#[tokio::test]
async fn positions_and_sequences_are_not_the_callers_to_give() {
    let (database, app) = with_secrets().await;
    // No parameter of append is a position, and the only number it takes of a stream is what it must be.
    let mut connection = app.acquire().await.unwrap();
    let forged = |sequence| Call {
        commands: vec![(OURS, 90)],
        streams: vec![(1, vendor(1), sequence)],
        ..Call::plain()
    };
    for sequence in [0, 2, 7, -1, i64::MAX] {
        assert_eq!(
            forged(sequence).make(&mut connection, 10).await.unwrap(),
            [2],
            "{sequence}"
        );
    }
    assert_eq!(forged(1).make(&mut connection, 10).await.unwrap(), [0]);
    for forgery in [
        "SELECT nextval('events_position_seq')",
        "SELECT setval('events_position_seq', 1)",
    ] {
        assert!(connection.execute(forgery).await.is_err(), "there is no number to move");
    }
    let rows = sqlx::query("SELECT position, sequence FROM events WHERE tenant_id = $1 ORDER BY position")
        .bind(OURS.0)
        .fetch_all(&database.pools().await.stream)
        .await
        .unwrap();
    let places: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(places, [(1, 1), (3, 2)]);
}

#[tokio::test]
async fn the_append_function_does_not_look_where_its_caller_tells_it_to() {
    let (database, _app) = with_secrets().await;
    let mut app = PgConnection::connect(&database.url("propertyos_app")).await.unwrap();
    // An impostor of a table that the function reads, in a schema that is searched before all others.
    app.execute("CREATE TEMP TABLE epochs (shard smallint, epoch int); INSERT INTO epochs VALUES (10, 99)")
        .await
        .unwrap();
    app.execute("SET search_path = pg_temp, public").await.unwrap();
    let call = Call {
        epoch: 99,
        streams: vec![(1, vendor(1), 1)],
        commands: vec![(OURS, 90)],
        ..Call::plain()
    };
    let refused = call.make(&mut app, 10).await.unwrap_err();
    assert_eq!(code(&refused), "PO002", "{refused}");
}

#[tokio::test]
async fn every_table_of_the_log_is_under_forced_row_level_security() {
    let (database, _app) = with_secrets().await;
    let rows = sqlx::query(
        "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' ORDER BY 1",
    )
    .fetch_all(&mut database.superuser().await)
    .await
    .unwrap();
    let forced = |table: &str| {
        rows.iter()
            .any(|row| row.get::<&str, _>(0) == table && row.get::<bool, _>(1))
    };
    for table in tables() {
        assert!(forced(&table), "{table}");
    }
    assert!(rows.iter().all(|row| row.get(1)), "a table with a tenant_id that isn't");
}

#[tokio::test]
async fn the_api_may_execute_append_and_nobody_else_may() {
    let (database, _app) = with_secrets().await;
    for role in ["propertyos_stream", "propertyos_app"] {
        let mut connection = PgConnection::connect(&database.url(role)).await.unwrap();
        let mut call = Call::plain();
        call.commands[0].1 = 90;
        let outcome = call.make(&mut connection, 10).await;
        match role {
            "propertyos_app" => assert_eq!(outcome.unwrap(), [2]),
            _ => assert_eq!(code(&outcome.unwrap_err()), INSUFFICIENT_PRIVILEGE),
        }
    }
}

#[tokio::test]
async fn the_database_puts_every_organization_on_the_shard_that_the_code_does() {
    let (database, _app) = with_secrets().await;
    let organizations: Vec<uuid::Uuid> = (0..500_u32)
        .map(|n| uuid::Uuid::new_v5(&OURS.0, &n.to_be_bytes()))
        .chain([uuid::Uuid::nil(), uuid::Uuid::max()])
        .collect();
    let shards: Vec<i32> = sqlx::query_scalar(
        "SELECT shard_of(o.id) FROM unnest($1::uuid[]) WITH ORDINALITY AS o(id, number) ORDER BY number",
    )
    .bind(&organizations)
    .fetch_all(&mut database.superuser().await)
    .await
    .unwrap();
    let expected: Vec<i32> = organizations
        .iter()
        .map(|id| i32::from(schemas::shard_of((*id).into()).as_i16()))
        .collect();
    assert_eq!(shards, expected);
}
