//! A running server, and those who tell the story there, each for an organization of their own.

use std::{collections::BTreeMap, fmt};

use reqwest::{
    RequestBuilder, StatusCode,
    header::{HeaderMap, HeaderName},
};
use serde_json::Value;
use sqlx::PgPool;
use tests::{Installation, Serving};
use uuid::Uuid;

use super::story::{Known, Step};
use crate::PROPERTYOS;

pub const POSITION: HeaderName = HeaderName::from_static("propertyos-position");

/// A running server. It does nothing by itself, so that whatever is written was asked for.
pub struct Office {
    pub installation: Installation,
    pub serving: Serving,
    database: PgPool,
}

impl Office {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With these settings, by the names of their variables in the environment.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let mut installation = Installation::on_shared_server(PROPERTYOS)
            .await
            .with("PROPERTYOS_TICK_EVERY", "0s");
        for (variable, value) in settings {
            installation = installation.with(variable, value);
        }
        let serving = installation.serve().await;
        let url = installation.database().unwrap().superuser_url();
        Self {
            installation,
            serving,
            database: PgPool::connect(&url).await.unwrap(),
        }
    }

    /// Another organization, and someone who may do anything there.
    pub async fn organization(&self, name: &str) -> Teller<'_> {
        let organization = self.installation.output(&["org", "create", name]).await;
        let mut teller = Teller {
            office: self,
            token: self.token(&organization, "admin", None).await,
            organization,
            known: Known::default(),
            position: None,
        };
        teller.look_around().await;
        teller
    }

    pub async fn token(&self, organization: &str, role: &str, resident: Option<&str>) -> String {
        let mut arguments = vec!["token", "--organization", organization, "--role", role];
        if let Some(resident) = resident {
            arguments.extend(["--resident", resident]);
        }
        self.installation.output(&arguments).await
    }

    /// How far the log goes, by shard.
    pub async fn heads(&self) -> BTreeMap<i16, i64> {
        let heads: Vec<(i16, i64)> =
            sqlx::query_as("SELECT shard, max(position) FROM events GROUP BY shard ORDER BY shard")
                .fetch_all(&self.database)
                .await
                .unwrap();
        heads.into_iter().collect()
    }

    /// What the OpenAPI document says of an operation, and the whole of it for what that refers to.
    pub async fn document(&self) -> Value {
        let answer = self.serving.http().get(self.serving.at("/openapi.json")).send().await;
        answer.unwrap().json().await.unwrap()
    }
}

/// Someone who tells the story of an organization.
pub struct Teller<'a> {
    pub office: &'a Office,
    pub organization: String,
    pub token: String,
    pub known: Known,
    /// Where the last command left the log: reads see at least that.
    pub position: Option<String>,
}

impl Teller<'_> {
    /// What an organization has from its beginning.
    async fn look_around(&mut self) {
        let accounts: Vec<(String, Uuid)> = sqlx::query_as(
            "SELECT payload->>'purpose', aggregate_id FROM events
             WHERE tenant_id = $1::uuid AND aggregate_type = 'bank_account' AND sequence = 1",
        )
        .bind(&self.organization)
        .fetch_all(&self.office.database)
        .await
        .unwrap();
        for (purpose, id) in accounts {
            self.known.learn(&format!("{purpose}_account"), id);
        }
        self.known.learn("code", "1200");
    }

    /// A step of the story, about these things.
    pub fn request(&self, step: &Step, known: &Known) -> RequestBuilder {
        let url = self.office.serving.at(&known.fill(step.path));
        let mut request = self.office.serving.http().request(step.method.clone(), url);
        if let Some(body) = &step.body {
            request = request.json(&known.fill_body(body));
        }
        match &self.position {
            Some(position) if !step.is_command() => request.header(POSITION, position),
            _ => request,
        }
    }

    /// Sends a step of the story as someone with this token, about these things.
    pub async fn ask(&self, step: &Step, known: &Known, token: &str) -> Answer {
        Answer::to(self.request(step, known).bearer_auth(token), step).await
    }

    /// Carries a step out, and keeps what later ones need.
    pub async fn tell(&mut self, step: &Step) -> Answer {
        let answer = self.ask(step, &self.known, &self.token).await;
        assert!(answer.status.is_success(), "{answer}");
        self.keep(step, &answer);
        answer
    }

    /// Keeps of an answer to a step what later ones need.
    pub fn keep(&mut self, step: &Step, answer: &Answer) {
        for (name, pointer) in &step.keeps {
            let id = answer.body.pointer(pointer).and_then(Value::as_str);
            let id = id.unwrap_or_else(|| panic!("no {pointer} in {answer}"));
            self.known.learn(name, id);
        }
        if let Some(position) = answer.headers.get(&POSITION) {
            self.position = Some(position.to_str().unwrap().to_owned());
        }
    }
}

/// An answer, and to what.
pub struct Answer {
    asked: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// Null if it isn't JSON.
    pub body: Value,
}

impl Answer {
    pub async fn to(request: RequestBuilder, asked: impl fmt::Display) -> Self {
        let answer = request.send().await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Self {
            asked: asked.to_string(),
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.unwrap_or_else(|| panic!("no {name} in {self}")).to_str().unwrap()
    }

    /// Which field a problem is about; empty if it names none. Fails if this is no problem.
    pub fn field_at_fault(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        assert_eq!(self.body["status"], self.status.as_u16(), "{self}");
        self.body["errors"][0]["field"].as_str().unwrap_or_default()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.asked, self.status, self.text)
    }
}
