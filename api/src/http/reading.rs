//! Queries over HTTP: who asks, and how far the read model must have come.

use std::sync::Arc;

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use commands::execute::ExecuteError;
use domain::{ids::OrganizationId, organization::Organization, settings::Settings};
use schemas::PositionToken;
use serde::Serialize;
use streams::{
    Waited,
    progress::{self, TokenError},
    read_models::{self, ReadError, Reading},
};

use super::{order::POSITION, problem::Problem};
use crate::{
    app::App,
    auth::permit::{Permission, Permit},
};

/// Says since when a read model lacks events that it could not take.
const INCOMPLETE_SINCE: header::HeaderName = header::HeaderName::from_static("propertyos-incomplete-since");

/// A question of someone who may ask it.
pub struct Inquiry<P> {
    /// Who asks.
    pub permit: Permit<P>,
    app: Arc<App>,
    position: Option<PositionToken>,
}

impl<P: Permission> FromRequestParts<Arc<App>> for Inquiry<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let permit = Permit::<P>::from_request_parts(parts, app).await?;
        let position = match parts.headers.get(&POSITION) {
            None => None,
            Some(value) => {
                let token = value.to_str().ok().and_then(|text| text.parse().ok());
                Some(token.ok_or_else(|| unknown_position("is no position that a command was answered with"))?)
            }
        };
        Ok(Self {
            permit,
            app: app.clone(),
            position,
        })
    }
}

impl<P: Permission> Inquiry<P> {
    /// Whose business is asked about.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        self.permit.caller.organization
    }

    /// What everything is answered with.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// What the organization has decided for all its business, as commands find it.
    ///
    /// # Errors
    /// 404 if there is no such organization.
    pub async fn settings(&self) -> Result<Settings, Problem> {
        let organization = self.organization();
        let loaded = self.app.commands.load::<Organization>(organization, organization).await;
        let state = loaded.map_err(ExecuteError::from)?.state;
        let settings = state
            .settings()
            .map_err(|refusal| ExecuteError::Refused(refusal.into()))?;
        Ok(settings.clone())
    }

    /// The organization's rows of a read model, once it has come as far as the caller asks.
    ///
    /// # Errors
    /// 503 if it is too far behind, is just being replaced, or the database is away; 422 for a position of another log.
    pub async fn read(&self, model: &'static str, version: u32) -> Result<Reading, Problem> {
        self.wait_until(model).await?;
        Ok(read_models::read(&self.app.pools.app, self.organization(), model, version).await?)
    }

    /// Waits until a read model in the database has come as far as the caller asks.
    ///
    /// # Errors
    /// 503 if it is too far behind or the database is away; 422 for a position of another log.
    pub async fn wait_until(&self, model: &str) -> Result<(), Problem> {
        let Some(token) = &self.position else { return Ok(()) };
        self.check(token).await?;
        let wait = self
            .app
            .progress
            .wait(&self.app.pools.app, model, token.cursor, self.app.read_wait);
        passed(wait.await?)
    }

    /// Waits until something that this process keeps itself has come as far as the caller asks.
    ///
    /// # Errors
    /// The same.
    pub async fn wait_for(&self, model: &str) -> Result<(), Problem> {
        let Some(token) = &self.position else { return Ok(()) };
        self.check(token).await?;
        passed(
            self.app
                .progress
                .wait_here(model, token.cursor, self.app.read_wait)
                .await,
        )
    }

    async fn check(&self, token: &PositionToken) -> Result<(), Problem> {
        match progress::check_token(&self.app.pools.app, self.organization(), token).await {
            Ok(()) => Ok(()),
            Err(TokenError::NotOfThisLog) => Err(unknown_position("is not of this organization's log")),
            Err(TokenError::Database(error)) => Err(error.into()),
        }
    }
}

fn unknown_position(message: &str) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unknown-position",
        format!("The PropertyOS-Position {message}."),
    )
    .field("PropertyOS-Position", message)
}

fn passed(waited: Waited) -> Result<(), Problem> {
    match waited {
        Waited::Passed => Ok(()),
        Waited::Behind { events } => Err(Problem::unavailable(
            "read-model-behind",
            format!("The read model is {events} events behind. Try again."),
        )),
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotActive { .. } => Self::unavailable("read-model-absent", error.to_string()),
            ReadError::Database(error) => error.into(),
        }
    }
}

/// An answer from a read model.
#[derive(Debug)]
pub struct Answer<T> {
    body: T,
    version: Option<i64>,
    incomplete_since: Option<DateTime<Utc>>,
}

impl<T> Answer<T> {
    /// What was read in this reading.
    pub fn new(body: T, reading: &Reading) -> Self {
        Self {
            body,
            version: None,
            incomplete_since: reading.incomplete_since,
        }
    }

    /// What was found in something that this process keeps itself, which may lack what was recorded since then.
    pub const fn incomplete(body: T, since: Option<DateTime<Utc>>) -> Self {
        Self {
            body,
            version: None,
            incomplete_since: since,
        }
    }

    /// The same, shown in another way.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Answer<U> {
        let Self {
            body,
            version,
            incomplete_since,
        } = self;
        Answer {
            body: view(body),
            version,
            incomplete_since,
        }
    }

    /// It is about one thing, in this version.
    #[must_use]
    pub fn at_version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        let headers = response.headers_mut();
        let version = self.version.map(|version| (header::ETAG, format!("\"{version}\"")));
        let incomplete = self
            .incomplete_since
            .map(|since| (INCOMPLETE_SINCE, since.to_rfc3339()));
        for (name, value) in version.into_iter().chain(incomplete) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
