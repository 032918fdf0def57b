//! A PostgreSQL that others run, set up as the operators' guide says.

use std::fs;

use sqlx::Executor;
use store::testing::TestServer;
use tests::{Installation, sources::root};

use crate::PROPERTYOS;

/// The statements of the guide.
fn statements() -> Vec<String> {
    let guide = fs::read_to_string(root().join("docs/operators.md")).unwrap();
    let (_, from) = guide.split_once("```sql\n").expect("SQL in the guide");
    let (sql, _) = from.split_once("```").unwrap();
    sql.split_terminator(";\n").map(str::to_owned).collect()
}

#[tokio::test]
async fn what_the_guide_says_is_enough() {
    let server = TestServer::own().await;
    let mut administrator = server.superuser("postgres").await;
    for statement in statements() {
        administrator.execute(statement.as_str()).await.unwrap();
    }
    let url = |role: &str| {
        format!(
            "postgres:///propertyos?host={}&user={role}",
            server.socket_folder().display()
        )
    };
    let installation = Installation::new(PROPERTYOS)
        .with("DATABASE_URL", &url("propertyos_app"))
        .with("DATABASE_URL_STREAMS", &url("propertyos_stream"))
        .with("DATABASE_URL_OWNER", &url("propertyos_owner"));

    let early = installation.run(&["org", "list"]).await;
    let told = String::from_utf8(early.stderr).unwrap();
    assert!(told.contains("run `propertyos migrate`"), "{told}");
    installation.output(&["migrate"]).await;
    assert_eq!(installation.output(&["org", "list"]).await, "");
    let serving = installation.serve().await;
    assert!(serving.stop().await.success());
    assert_eq!(installation.output(&["org", "list"]).await.lines().count(), 1);
}

#[tokio::test]
async fn a_role_that_may_too_much_is_refused() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let owner = installation.database().unwrap().url("propertyos_owner");
    installation.output(&["migrate"]).await;
    let refused = installation.with("DATABASE_URL", &owner).run(&["org", "list"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.contains("meant for propertyos_app signs in as propertyos_owner"),
        "{told}"
    );
}
