//! Starting, stopping and killing PropertyOS with nothing configured.

use serde_json::json;
use tests::{Installation, Serving};

use crate::PROPERTYOS;

/// The organizations that a running one knows.
async fn organizations(installation: &Installation) -> Vec<String> {
    installation
        .output(&["org", "list"])
        .await
        .lines()
        .map(str::to_owned)
        .collect()
}

/// What `serve` prints for people to begin with: the documentation's URL and a token.
fn welcome(serving: &Serving) -> (String, String) {
    let printed = serving.printed();
    let lines: Vec<&str> = printed.lines().collect();
    let url = lines.iter().find_map(|line| line.strip_prefix("Documentation: "));
    let token = lines
        .iter()
        .find(|line| line.starts_with("ey") && line.split('.').count() == 3);
    match (url, token) {
        (Some(url), Some(token)) => (url.to_owned(), (*token).to_owned()),
        _ => panic!("no URL or no token:\n{printed}"),
    }
}

#[tokio::test]
async fn it_starts_with_an_organization_a_documentation_and_a_token_that_is_good() {
    let installation = Installation::new(PROPERTYOS);
    let serving = installation.serve().await;
    let (documentation, token) = welcome(&serving);
    let page = serving.http().get(documentation).send().await.unwrap();
    assert!(page.status().is_success(), "{}", page.status());
    let new_property = || serving.http().post(serving.at("/api/properties")).json(&json!({}));
    let without = new_property().send().await.unwrap();
    assert_eq!(without.status(), 401);
    let with = new_property().bearer_auth(token).send().await.unwrap();
    assert_eq!(with.status(), 422, "known, and asked for more");
    assert!(matches!(organizations(&installation).await.as_slice(), [only] if only.ends_with(" My company")));
    assert!(serving.stop().await.success());
}

#[tokio::test]
async fn the_second_start_finds_the_data_of_the_first_also_after_a_kill() {
    let installation = Installation::new(PROPERTYOS);
    let first = installation.serve().await;
    let before = organizations(&installation).await;
    assert!(first.stop().await.success());
    let second = installation.serve().await;
    let chicago = [
        "org",
        "create",
        "Lakeside",
        "--currency",
        "USD",
        "--time-zone",
        "America/Chicago",
    ];
    let lakeside = installation.output(&chicago).await;
    second.kill().await;
    let _third = installation.serve().await;
    assert_eq!(
        organizations(&installation).await,
        [before[0].clone(), format!("{lakeside} Lakeside")]
    );
}

#[tokio::test]
async fn a_second_serve_is_refused_with_the_first_ones_process_and_url() {
    let installation = Installation::new(PROPERTYOS);
    let first = installation.serve().await;
    let refused = installation.run(&["serve"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("already running") && told.contains(&first.at("")),
        "{told}"
    );
    assert!(first.stop().await.success());
}

#[tokio::test]
async fn a_command_starts_the_database_itself_when_nothing_runs() {
    let installation = Installation::new(PROPERTYOS);
    let id = installation.output(&["org", "create", "Alone"]).await;
    assert_eq!(organizations(&installation).await, [format!("{id} Alone")]);
    let token = installation.output(&["token", "--role", "analyst"]).await;
    assert_eq!((token.lines().count(), token.split('.').count()), (1, 3), "{token}");
}

#[tokio::test]
async fn a_command_called_wrongly_is_told_so_with_status_2() {
    let installation = Installation::new(PROPERTYOS);
    for arguments in [
        ["token", "--role=king"].as_slice(),
        &["serve", "--backwards"],
        &["fly"],
        &[],
    ] {
        let refused = installation.run(arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_setting_that_does_not_exist_is_refused_by_its_name() {
    let installation = Installation::new(PROPERTYOS);
    let mut command = installation.command(&["serve"]);
    let refused = command.env("PROPERTYOS_LISTNE", "127.0.0.1:0").output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("PROPERTYOS_LISTNE"), "{told}");
}

#[tokio::test]
async fn it_works_with_a_database_that_others_run() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let serving = installation.serve().await;
    assert_eq!(organizations(&installation).await.len(), 1);
    assert!(!installation.data_folder().join("postgres").exists());
    assert!(serving.stop().await.success());
}
