//! Time goes on: what the clock brings is decided, day by day and in order, each item as a command of its own.
//!
//! An item's command id is made of what it is about, its date and its rule, so that the same tick twice, or two at once, write
//! each item once. `clock.advanced` follows the items: what lies at or before it is not decided again.

mod items;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    Refusal,
    clock::{Clock, ClockCommand, LeaseRule, Phase, Progress},
    ids::{ClockId, CommandId, LeaseId, OrganizationId, UserId, VendorId},
    lease::Lease,
    organization::Organization,
    settings::Settings,
    sla::day_begins,
    vendor::Vendor,
};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use crate::{
    execute::{CarryOut, ExecuteError, Invocation},
    handlers::OnStream,
    log::ReadError,
};

/// Why a tick stopped. The clock stands where it stood, and what was decided by then is not decided again.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// An item could not be decided: the log is not available.
    #[error("{rule} of {subject} on {day}: {error}")]
    Item {
        /// What the clock asks.
        rule: &'static str,
        /// Of what.
        subject: Uuid,
        /// For which day.
        day: NaiveDate,
        /// Why not.
        #[source]
        error: ExecuteError,
    },
    /// Something else was refused, or the log is not available.
    #[error(transparent)]
    Command(#[from] ExecuteError),
    /// The log can't be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Decides what time brings an organization, up to a point; returns how many items that were. An item that a rule refuses,
/// such as the start of a lease whose unit is not free, holds nothing else up: it is logged, and asked again on the next day.
///
/// # Errors
/// If the organization takes no commands, and at the first item that can't be decided; begun again, it goes on from there.
pub async fn tick<C: CarryOut>(
    commands: &C,
    organization: OrganizationId,
    actor: UserId,
    until: Progress,
) -> Result<usize, TickError> {
    let office = commands.load::<Organization>(organization, organization).await?.state;
    let settings = office
        .must_be_active()
        .and_then(|()| office.settings())
        .map_err(refused)?;
    let clock = commands
        .load::<Clock>(organization, ClockId::from(organization))
        .await?
        .state;
    if !clock.is_before(&until) {
        return Ok(0);
    }
    let begun = commands.effective_date(organization).await?.unwrap_or(until.day);
    let mut tick = Tick {
        commands,
        organization,
        actor,
        settings,
        until,
        leases: commands.load_awake::<Lease>(organization).await?,
        vendors: commands.load_awake::<Vendor>(organization).await?,
        items: 0,
    };
    for (day, phase) in clock.pending(begun.min(until.day), until) {
        tick.leases(day, phase).await?;
        if phase == Phase::Begun {
            tick.vendors(day).await?;
        }
    }
    tick.breaches().await?;
    tick.advance().await?;
    Ok(tick.items)
}

fn refused(refusal: impl Into<Refusal>) -> ExecuteError {
    ExecuteError::Refused(refusal.into())
}

/// One tick of one organization.
struct Tick<'a, C> {
    commands: &'a C,
    organization: OrganizationId,
    actor: UserId,
    settings: &'a Settings,
    until: Progress,
    leases: Vec<(LeaseId, Arc<Lease>)>,
    vendors: Vec<(VendorId, Arc<Vendor>)>,
    items: usize,
}

impl<C: CarryOut> Tick<'_, C> {
    /// What a day brings the leases: rule by rule, since what one ends makes room for what another starts.
    async fn leases(&mut self, day: NaiveDate, phase: Phase) -> Result<(), TickError> {
        let rules: &[LeaseRule] = match phase {
            Phase::Begun => &LeaseRule::BEGUN,
            Phase::Over => &LeaseRule::OVER,
        };
        let at = match phase {
            Phase::Begun => day_begins(day, self.settings.time_zone),
            Phase::Over => Progress::end_of(day, self.settings.time_zone).instant,
        };
        for rule in rules {
            let asked = |(_, (_, lease)): &(usize, &(LeaseId, Arc<Lease>))| rule.asks(lease, day, self.settings);
            let asked: Vec<(usize, LeaseId)> = self
                .leases
                .iter()
                .enumerate()
                .filter(asked)
                .map(|(index, (id, _))| (index, *id))
                .collect();
            let decided: Vec<(usize, Arc<Lease>, bool)> = stream::iter(asked)
                .map(|(index, lease)| self.lease(*rule, (index, lease), day, at))
                .buffer_unordered(C::AT_ONCE)
                .try_collect()
                .await?;
            for (index, lease, carried_out) in decided {
                self.leases[index].1 = lease;
                self.items += usize::from(carried_out);
            }
        }
        Ok(())
    }

    /// Decides one item, reads what has become of the lease, and says whether the item was carried out.
    async fn lease(
        &self,
        rule: LeaseRule,
        (index, id): (usize, LeaseId),
        day: NaiveDate,
        at: DateTime<Utc>,
    ) -> Result<(usize, Arc<Lease>, bool), TickError> {
        let invocation = self.invocation(id.0, rule.name(), day, at);
        let result = items::decide_lease(self.commands, &invocation, rule, id, day).await;
        let now = self.commands.load::<Lease>(self.organization, id).await?.state;
        match result {
            Ok(()) => Ok((index, now, true)),
            Err(ExecuteError::Refused(refusal)) => {
                // Unless someone else changed the lease meanwhile, and the clock no longer asks.
                if rule.asks(&now, day, self.settings) {
                    tracing::warn!(rule = rule.name(), lease = %id, %day, %refusal, "time asked in vain");
                }
                Ok((index, now, false))
            }
            Err(error) => Err(failed(rule.name(), id.0, day)(error)),
        }
    }

    /// An item as a command: its id is made of what it is about, its date and its rule.
    fn invocation(&self, subject: Uuid, rule: &str, day: NaiveDate, at: DateTime<Utc>) -> Invocation {
        let command_id = CommandId(Uuid::new_v5(
            &subject,
            format!("{rule}/{day}/{}", at.timestamp()).as_bytes(),
        ));
        Invocation {
            effective_on: Some(day),
            ..Invocation::new(self.organization, self.actor, command_id, at)
        }
    }

    async fn advance(&self) -> Result<(), TickError> {
        let Progress { day, instant, .. } = self.until;
        let rule = format!("advance/{:?}", self.until.phase);
        let invocation = self.invocation(self.organization.0, &rule, day, instant);
        let advance = OnStream::<Clock>::of(ClockId::from(self.organization), ClockCommand::Advance(self.until));
        match self.commands.carry_out(&invocation, &advance).await {
            // A refusal says that another tick was there first, or further.
            Ok(()) | Err(ExecuteError::Refused(Refusal::Clock(_))) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn failed(rule: &'static str, subject: Uuid, day: NaiveDate) -> impl FnOnce(ExecuteError) -> TickError {
    move |error| TickError::Item {
        rule,
        subject,
        day,
        error,
    }
}
