//! A walk over every endpoint that the OpenAPI document names, against the running server.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::{Installation, Serving, sources::root};
use uuid::Uuid;

use crate::PROPERTYOS;

/// An endpoint as the document names it.
struct Endpoint {
    method: Method,
    path: String,
    /// Whether it answers without a token.
    public: bool,
    takes_a_body: bool,
}

async fn endpoints(serving: &Serving) -> Vec<Endpoint> {
    let document: Value = serving
        .http()
        .get(serving.at("/openapi.json"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let mut endpoints = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "POST", "PUT", "DELETE"].contains(&method.as_str())
            {
                endpoints.push(Endpoint {
                    method,
                    path: path.clone(),
                    public: !path.starts_with("/api/"),
                    takes_a_body: operation.get("requestBody").is_some(),
                });
            }
        }
    }
    endpoints
}

impl Endpoint {
    /// Its path with these ids in place of the names.
    fn at(&self, id: impl Fn(&str) -> String) -> String {
        let parts = self.path.split('/').map(|part| match part.strip_prefix('{') {
            Some(_) => id(&self.path),
            None => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }

    async fn ask(
        &self,
        serving: &Serving,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let mut request = serving.http().request(self.method.clone(), serving.at(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or(Value::Null))
    }
}

fn nobody(_: &str) -> String {
    Uuid::from_u128(0x000a_bcde).to_string()
}

/// Something of each kind that exists, by the beginning of the paths that name it.
async fn known(database: &mut PgConnection) -> BTreeMap<&'static str, String> {
    let kinds = [
        ("/api/properties/", "property"),
        ("/api/units/", "unit"),
        ("/api/leases/", "lease"),
        ("/api/ledger/leases/", "lease"),
        ("/api/tenants/", "tenant"),
        ("/api/deposits/", "deposit"),
    ];
    let mut known = BTreeMap::from([("/api/ledger/accounts/", "1200".to_owned())]);
    for (path, kind) in kinds {
        let id: Uuid =
            sqlx::query_scalar("SELECT aggregate_id FROM events WHERE aggregate_type = $1 AND sequence = 1 LIMIT 1")
                .bind(kind)
                .fetch_one(&mut *database)
                .await
                .unwrap();
        known.insert(path, id.to_string());
    }
    known
}

#[tokio::test]
async fn every_endpoint_keeps_strangers_out_and_names_what_is_wrong() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let serving = installation.serve().await;
    let sample = root().join("docs/samples/rent-roll.csv");
    installation
        .output(&["import", "rent-roll", sample.to_str().unwrap(), "--as-of", "2026-11-01"])
        .await;
    let admin = installation.output(&["token", "--role", "admin"]).await;
    let analyst = installation.output(&["token", "--role", "analyst"]).await;
    let mut database = PgConnection::connect(&installation.database().unwrap().superuser_url())
        .await
        .unwrap();
    let known = known(&mut database).await;
    let endpoints = endpoints(&serving).await;
    assert!(endpoints.len() > 60, "only {} endpoints", endpoints.len());
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.public) {
        let name = format!("{} {}", endpoint.method, endpoint.path);
        let path = endpoint.at(nobody);
        let (status, _) = endpoint.ask(&serving, &path, None, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{name} without a token");

        let rubbish = json!({"rubbish": true});
        let body = endpoint.takes_a_body.then_some(&rubbish);
        if endpoint.method != Method::GET {
            let (status, _) = endpoint.ask(&serving, &path, Some(&analyst), body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{name} as an analyst");
        }
        let (status, problem) = endpoint.ask(&serving, &path, Some(&admin), body).await;
        assert!(
            !status.is_server_error() && status != StatusCode::METHOD_NOT_ALLOWED,
            "{name}: {status} {problem}"
        );
        if endpoint.takes_a_body {
            assert!(status.is_client_error(), "{name} took rubbish: {status}");
            assert!(
                problem["errors"][0]["field"].is_string(),
                "{name} names no field: {status} {problem}"
            );
        }
        let exists = known
            .iter()
            .find(|(beginning, _)| endpoint.path.starts_with(*beginning) && endpoint.path.contains('{'));
        if let (&Method::GET, Some((_, id))) = (&endpoint.method, exists) {
            let (status, answer) = endpoint
                .ask(&serving, &endpoint.at(|_| id.clone()), Some(&admin), None)
                .await;
            assert!(status.is_success(), "{name} of {id}: {status} {answer}");
            if endpoint.path.contains("{id}") {
                let (status, _) = endpoint.ask(&serving, &path, Some(&admin), None).await;
                assert_eq!(status, StatusCode::NOT_FOUND, "{name} of nobody");
            }
        }
    }
    assert!(serving.stop().await.success());
}
