//! `propertyos replay verify` finds what the log doesn't say.

use rand::{SeedableRng, rngs::StdRng};
use sqlx::{Executor, PgConnection};
use tests::Installation;

use crate::{
    PROPERTYOS,
    load::{Disturbance, Load, caught_up, leases, superuser, take_over_sample},
};

const TAMPERED_LEDGER: &str = "UPDATE ledger_v2.lines SET amount = amount + 100 WHERE (tenant_id, number, line) =
    (SELECT tenant_id, number, line FROM ledger_v2.lines WHERE amount > 0 ORDER BY tenant_id, number, line LIMIT 1)";
const TAMPERED_DIRECTORY: &str =
    "DELETE FROM directory_v2.facets WHERE ctid = (SELECT min(ctid) FROM directory_v2.facets)";

/// What it prints, and whether it says that all is well.
async fn verify(installation: &Installation, read_models: &[&str]) -> (bool, String) {
    let output = installation.run(&[&["replay", "verify"], read_models].concat()).await;
    let text = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => (true, text),
        Some(1) => (false, text),
        other => panic!("{other:?}"),
    }
}

async fn tamper(database: &mut PgConnection, statement: &str) {
    assert_eq!(
        database.execute(statement).await.unwrap().rows_affected(),
        1,
        "{statement}"
    );
}

#[tokio::test]
async fn a_read_model_is_held_against_the_log_row_by_row() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let serving = installation.serve().await;
    take_over_sample(&installation).await;
    let mut database = superuser(&installation).await;
    caught_up(&installation, &[&serving], &mut database).await;
    let (well, text) = verify(&installation, &[]).await;
    assert!(well, "{text}");
    for (line, read_model) in text.lines().zip(["dashboard", "directory", "ledger", "search"]) {
        assert!(
            line.starts_with(&format!("{read_model}: ")) && line.ends_with(", equal"),
            "{text}"
        );
        assert!(!line.contains(": 0 rows"), "{text}");
    }

    tamper(&mut database, TAMPERED_LEDGER).await;
    tamper(&mut database, TAMPERED_DIRECTORY).await;
    let (well, text) = verify(&installation, &["ledger"]).await;
    assert!(!well && text.contains(", 2 differ"), "{text}");
    let mut sides: Vec<&str> = text.lines().skip(1).map(|line| &line[..8]).collect();
    sides.sort_unstable();
    assert_eq!(sides, ["+ lines ", "- lines "], "{text}");
    let (well, text) = verify(&installation, &["directory"]).await;
    assert!(!well && text.contains(", 1 differ\n+ "), "{text}");
    assert!(verify(&installation, &["dashboard"]).await.0);

    for read_model in ["ledger", "directory"] {
        installation.output(&["replay", "rebuild", read_model]).await;
    }
    let (well, text) = verify(&installation, &[]).await;
    assert!(well, "{text}");
    assert!(serving.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_are_held_against_the_log_while_both_go_on() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let serving = installation.serve().await;
    take_over_sample(&installation).await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let leases = leases(&mut superuser(&installation).await).await;
    let mut random = StdRng::seed_from_u64(1);
    let mut load = Load::start(serving.at(""), &token, &leases, Disturbance::None, &mut random);
    for _ in 0..2 {
        load.acknowledges(50).await;
        let (well, text) = verify(&installation, &[]).await;
        assert!(well, "{text}");
    }
    load.acknowledges(1).await;
    load.end().await;
    assert!(serving.stop().await.success());
}
