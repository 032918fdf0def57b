//! Commands over HTTP: who gives them, under which id and condition, and how they are answered.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use commands::{
    execute::{Command, ExecuteError, Invocation, Receipt},
    handlers::erase_resident,
};
use domain::{
    Refusal,
    ids::{BankAccountId, CommandId, ResidentId},
    money::Money,
    organization::Organization,
};
use schemas::{Cursor, PositionToken};
use serde::Serialize;
use streams::trace;
use utoipa::{
    IntoResponses, PartialSchema as _, ToSchema,
    openapi::{self, RefOr, ResponseBuilder},
};
use uuid::Uuid;

use super::{around::Correlation, problem::Problem};
use crate::{
    app::App,
    auth::permit::{Permission, Permit},
    clock,
};

/// Makes a retry of a command recognisable.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How far a read model must have come, there; how far the log came, back.
pub const POSITION: HeaderName = HeaderName::from_static("propertyos-position");

/// A command that someone who may give it gives: everything but what it asks for.
pub struct Order<P> {
    /// Who may give it.
    pub permit: Permit<P>,
    /// Under which id.
    pub command_id: CommandId,
    app: Arc<App>,
    invocation: Invocation,
}

impl<P: Permission> FromRequestParts<Arc<App>> for Order<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let permit = Permit::<P>::from_request_parts(parts, app).await?;
        let given = idempotency_key(&parts.headers)?;
        let command_id = given.unwrap_or_else(clock::new_command_id);
        let (organization, actor) = (permit.caller.organization, permit.caller.user);
        let mut invocation = Invocation::new(organization, actor, command_id, clock::now());
        invocation.command_id_is_fresh = given.is_none();
        invocation.if_match = if_match(&parts.headers)?;
        if let Some(Correlation(id)) = parts.extensions.get() {
            invocation.correlation_id = *id;
        }
        invocation.traceparent = trace::traceparent(&tracing::Span::current());
        Ok(Self {
            permit,
            command_id,
            app: app.clone(),
            invocation,
        })
    }
}

impl<P: Permission> Order<P> {
    /// The `n`th id that this command gives out.
    #[must_use]
    pub fn id<I: From<Uuid>>(&self, n: u32) -> I {
        self.command_id.derive(n).into()
    }

    /// The same, counting on another day than today.
    #[must_use]
    pub fn effective_on(mut self, day: Option<impl Into<chrono::NaiveDate>>) -> Self {
        self.invocation.effective_on = day.map(Into::into);
        self
    }

    /// Carries out a command on something that there is.
    ///
    /// # Errors
    /// Whatever [`super::errors`] makes of a refusal or a failure.
    pub async fn execute(&self, command: &impl Command) -> Result<Done, Problem> {
        let receipt = self.app.commands.execute(&self.invocation, command).await?;
        Ok(Done(Answer::of(&receipt, self.command_id)?))
    }

    /// What the organization has settled for all its business.
    ///
    /// # Errors
    /// If the log can't be read.
    pub async fn organization(&self) -> Result<Foundation, Problem> {
        let organization = self.invocation.organization;
        let recalled = self
            .app
            .commands
            .recall::<Organization>(organization, organization)
            .await;
        Ok(Foundation(recalled.map_err(ExecuteError::from)?))
    }

    /// Erases what is known of a resident: records it, and destroys the key without which the log can't be read.
    ///
    /// # Errors
    /// Whatever [`super::errors`] makes of a refusal or a failure.
    pub async fn erase_resident(&self, resident: ResidentId, reason: String) -> Result<Done, Problem> {
        let App { commands, pools, .. } = &*self.app;
        let receipt = erase_resident(commands, &pools.stream, &self.invocation, (resident, reason)).await?;
        Ok(Done(Answer::of(&receipt, self.command_id)?))
    }

    /// Carries out a command that something begins with. `place` is where it is from then on, up to its id.
    ///
    /// # Errors
    /// Whatever [`super::errors`] makes of a refusal or a failure.
    pub async fn create(&self, command: &impl Command, place: &str) -> Result<Created, Problem> {
        let Done(answer) = self.execute(command).await?;
        let location = format!("{place}/{}", answer.body.id);
        Ok(Created { answer, location })
    }
}

/// What the organization of an order has settled for ever when it was founded.
pub struct Foundation(Arc<Organization>);

impl Foundation {
    /// Where rents go.
    ///
    /// # Errors
    /// If there is no such organization.
    pub fn operating_account(&self) -> Result<BankAccountId, Problem> {
        self.0.operating_account().map_err(absent)
    }

    /// Where deposits are held.
    ///
    /// # Errors
    /// If there is no such organization.
    pub fn deposit_account(&self) -> Result<BankAccountId, Problem> {
        self.0.deposit_account().map_err(absent)
    }

    /// An amount that may be left out, which means nothing.
    ///
    /// # Errors
    /// If there is no such organization.
    pub fn amount_or_nothing(&self, amount: Option<impl Into<Money>>) -> Result<Money, Problem> {
        match amount {
            Some(amount) => Ok(amount.into()),
            None => Ok(Money::zero(self.0.settings().map_err(absent)?.currency)),
        }
    }
}

/// A token can name an organization that never began.
fn absent(refusal: impl Into<Refusal>) -> Problem {
    ExecuteError::Refused(refusal.into()).into()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<CommandId>, Problem> {
    let Some(value) = headers.get(&IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    match text.parse::<Uuid>() {
        Ok(id) => Ok(Some(CommandId(id))),
        Err(_) => {
            Err(Problem::bad_request("The Idempotency-Key is no UUID.").field("Idempotency-Key", "must be a UUID"))
        }
    }
}

/// The sequence in `If-Match: "7"`; `*` asks only that there be something, which commands ask anyway.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    // Some clients take the quotes off an ETag.
    let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted.unwrap_or(text).parse().ok() {
        Some(sequence) if sequence >= 0 => Ok(Some(sequence)),
        _ => Err(
            Problem::bad_request("If-Match has to be one ETag as an answer gave it: \"7\".")
                .field("If-Match", "must be one ETag such as \"7\""),
        ),
    }
}

/// What a command is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandAnswer {
    /// What the command was about, or what it began.
    pub id: Uuid,
    /// Its version from now on: its `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What happened, in order.
    pub events: Vec<RecordedEvent>,
    /// Sent back as `PropertyOS-Position`, a read shows at least this.
    pub position: String,
}

/// An event that a command recorded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordedEvent {
    /// Its own id.
    pub id: Uuid,
    /// What happened: `lease.created`.
    pub r#type: String,
    /// To which kind of thing.
    pub aggregate_type: String,
    /// To which.
    pub aggregate_id: Uuid,
    /// The version of that thing since then.
    pub version: i64,
}

struct Answer {
    body: CommandAnswer,
    command_id: CommandId,
}

impl Answer {
    fn of(receipt: &Receipt, command_id: CommandId) -> Result<Self, Problem> {
        let first = receipt
            .written
            .first()
            .ok_or_else(|| Problem::internal("a command wrote nothing"))?;
        let cursor = Cursor {
            epoch: receipt.epoch,
            shard: receipt.shard,
            position: receipt.last_position,
        };
        let position = PositionToken {
            cursor,
            event_id: receipt.last_event_id,
        };
        let events = receipt
            .written
            .iter()
            .map(|event| RecordedEvent {
                id: event.event_id,
                r#type: event.event_type.clone(),
                aggregate_type: event.aggregate_type.clone(),
                aggregate_id: event.aggregate_id,
                version: event.sequence,
            })
            .collect();
        let body = CommandAnswer {
            id: first.aggregate_id,
            version: receipt.primary_sequence(),
            events,
            position: position.to_string(),
        };
        Ok(Self { body, command_id })
    }

    fn into_response(self, status: StatusCode) -> Response {
        let headers = [
            (header::ETAG, format!("\"{}\"", self.body.version)),
            (POSITION, self.body.position.clone()),
            (IDEMPOTENCY_KEY, self.command_id.to_string()),
        ];
        (status, headers, Json(self.body)).into_response()
    }
}

/// The answer to a command on something that there is.
pub struct Done(Answer);

impl IntoResponses for Done {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        BTreeMap::from([("200".to_owned(), documented("It was carried out.").into())])
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        self.0.into_response(StatusCode::OK)
    }
}

/// The answer to a command that something begins with.
pub struct Created {
    answer: Answer,
    location: String,
}

impl IntoResponses for Created {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let response = documented("It has begun.").header("Location", words("Where it is from now on."));
        BTreeMap::from([("201".to_owned(), response.into())])
    }
}

/// What the answers to all commands have in common.
fn documented(description: &str) -> ResponseBuilder {
    let answer = RefOr::<openapi::Schema>::Ref(openapi::Ref::from_schema_name(CommandAnswer::name()));
    ResponseBuilder::new()
        .description(description)
        .content("application/json", openapi::Content::new(Some(answer)))
        .header("ETag", words("The version, for `If-Match`."))
        .header("PropertyOS-Position", words("The same as `position`."))
        .header("Idempotency-Key", words("The id under which it was carried out."))
}

fn words(description: &str) -> openapi::Header {
    openapi::header::HeaderBuilder::new()
        .schema(Some(String::schema()))
        .description(Some(description))
        .build()
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response(StatusCode::CREATED);
        if let Ok(location) = HeaderValue::try_from(self.location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
