//! Who gives a command, and when it counts.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    context::Context,
    ids::{CommandId, OrganizationId, UserId},
    settings::Settings,
};
use schemas::Metadata;
use uuid::Uuid;

/// For whom and by whom a command is given, and when it counts: everything about a command but what it asks for.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Whose business it is.
    pub organization: OrganizationId,
    /// The person or process that gives the command.
    pub actor: UserId,
    /// What makes a retry recognisable.
    pub command_id: CommandId,
    /// Whether the id was minted here a moment ago, so that this can't be a retry.
    pub command_id_is_fresh: bool,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The civil date on which it counts, where the client names one: a retry must name the same. Without it, the day of
    /// `occurred_at` in the organization's time zone.
    pub effective_on: Option<NaiveDate>,
    /// What all commands and events that follow from one request share.
    pub correlation_id: Uuid,
    /// The event that led to the command, if one did.
    pub causation_id: Option<Uuid>,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// The sequence that the command's primary stream must have: the first it records, or loads if it records none.
    pub if_match: Option<i64>,
}

impl Invocation {
    /// A command that is the first of its correlation, may be a retry, and counts on the day it happened.
    #[must_use]
    pub fn new(organization: OrganizationId, actor: UserId, command_id: CommandId, occurred_at: DateTime<Utc>) -> Self {
        Self {
            organization,
            actor,
            command_id,
            command_id_is_fresh: false,
            occurred_at,
            effective_on: None,
            correlation_id: command_id.0,
            causation_id: None,
            traceparent: None,
            if_match: None,
        }
    }

    /// The context of its decision under these policies.
    pub(super) fn context(&self, settings: Arc<Settings>) -> Context {
        let happened_on = self.occurred_at.with_timezone(&settings.time_zone).date_naive();
        Context {
            organization: self.organization,
            actor: self.actor,
            command: self.command_id,
            effective_on: self.effective_on.unwrap_or(happened_on),
            occurred_at: self.occurred_at,
            settings,
        }
    }

    /// What its events say of it.
    pub(super) fn metadata(&self, context: &Context) -> Metadata {
        Metadata {
            actor: self.actor.0,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            occurred_at: self.occurred_at,
            effective_date: context.effective_on,
            traceparent: self.traceparent.clone(),
        }
    }
}
