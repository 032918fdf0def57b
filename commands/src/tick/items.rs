//! The items that a tick decides.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    Root,
    clock::{LeaseRule, breach_of_request, breach_of_work_order, expiry_of_insurance},
    ids::{LeaseId, RequestId, VendorId, WorkOrderId},
    lease::{Lease, LeaseCommand},
    maintenance_request::{MaintenanceRequest, MaintenanceRequestEvent},
    sla::day_begins,
    vendor::Vendor,
    work_order::{SlaClock, WorkOrder, WorkOrderEvent},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::{Tick, TickError, failed};
use crate::{
    execute::{CarryOut, Command, Decline, ExecuteError, Invocation, Work},
    handlers::{ActivateLease, ConcludeTerm, OnStream},
};

/// Gives the command that a rule means for a lease on a day.
pub(super) async fn decide_lease(
    commands: &impl CarryOut,
    invocation: &Invocation,
    rule: LeaseRule,
    lease: LeaseId,
    day: NaiveDate,
) -> Result<(), ExecuteError> {
    let alone = |command| OnStream::<Lease>::of(lease, command);
    match rule {
        LeaseRule::Conclude => commands.carry_out(invocation, &ConcludeTerm { lease }).await,
        LeaseRule::Activate => commands.carry_out(invocation, &ActivateLease { lease, on: day }).await,
        LeaseRule::PostDue => {
            commands
                .carry_out(invocation, &alone(LeaseCommand::PostDue { through: day }))
                .await
        }
        LeaseRule::AnnounceExpiry => {
            commands
                .carry_out(invocation, &alone(LeaseCommand::AnnounceExpiry))
                .await
        }
        LeaseRule::AssessLateFees => {
            commands
                .carry_out(invocation, &alone(LeaseCommand::AssessLateFees { day }))
                .await
        }
    }
}

/// A deadline of a request passed.
#[derive(Debug, Serialize)]
struct RecordBreachOfRequest {
    request: RequestId,
    clock: SlaClock,
    due: DateTime<Utc>,
}

impl Command for RecordBreachOfRequest {
    const NAME: &'static str = "record_breach_of_request";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let request = work.load::<MaintenanceRequest>(self.request).await?.state;
        let events = breach_of_request(&request, self.clock, self.due, work.context())?;
        work.record::<MaintenanceRequest>(self.request, events);
        Ok(())
    }
}

/// A deadline of a work order passed.
#[derive(Debug, Serialize)]
struct RecordBreachOfWorkOrder {
    work_order: WorkOrderId,
    clock: SlaClock,
    due: DateTime<Utc>,
}

impl Command for RecordBreachOfWorkOrder {
    const NAME: &'static str = "record_breach_of_work_order";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let work_order = work.load::<WorkOrder>(self.work_order).await?.state;
        let events = breach_of_work_order(&work_order, self.clock, self.due, work.context())?;
        work.record::<WorkOrder>(self.work_order, events);
        Ok(())
    }
}

/// A vendor's insurance ran out.
#[derive(Debug, Serialize)]
struct RecordExpiryOfInsurance {
    vendor: VendorId,
}

impl Command for RecordExpiryOfInsurance {
    const NAME: &'static str = "record_expiry_of_insurance";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let vendor = work.load::<Vendor>(self.vendor).await?.state;
        let events = expiry_of_insurance(&vendor, work.context())?;
        work.record::<Vendor>(self.vendor, events);
        Ok(())
    }
}

impl<C: CarryOut> Tick<'_, C> {
    /// Whose insurance no longer covers a day.
    pub(super) async fn vendors(&mut self, day: NaiveDate) -> Result<(), TickError> {
        const RULE: &str = "expire_insurance";
        let at = day_begins(day, self.settings.time_zone);
        for index in 0..self.vendors.len() {
            let (vendor, state) = &self.vendors[index];
            let vendor = *vendor;
            if state.insurance_expiry(day).is_some() {
                let invocation = self.invocation(vendor.0, RULE, day, at);
                let expired = self.give(&invocation, &RecordExpiryOfInsurance { vendor }).await;
                expired.map_err(failed(RULE, vendor.0, day))?;
                self.vendors[index].1 = self.commands.load::<Vendor>(self.organization, vendor).await?.state;
                self.items += 1;
            }
        }
        Ok(())
    }

    /// The deadlines that passed up to the instant of the tick, each recorded as of the instant that passed.
    pub(super) async fn breaches(&mut self) -> Result<(), TickError> {
        let until = self.until.instant;
        let requests = self
            .commands
            .load_awake::<MaintenanceRequest>(self.organization)
            .await?;
        let of_requests = requests
            .iter()
            .flat_map(|(id, request)| request.breaches(until).into_iter().map(|event| (*id, event)));
        let of_requests: Vec<_> = of_requests
            .filter_map(|(request, event)| match event {
                MaintenanceRequestEvent::SlaBreached { clock, due } => {
                    Some(RecordBreachOfRequest { request, clock, due })
                }
                _ => None,
            })
            .collect();
        let orders = self.commands.load_awake::<WorkOrder>(self.organization).await?;
        let of_orders = orders
            .iter()
            .flat_map(|(id, order)| order.breaches(until).into_iter().map(|event| (*id, event)));
        let of_orders: Vec<_> = of_orders
            .filter_map(|(work_order, event)| match event {
                WorkOrderEvent::SlaBreached { clock, due } => Some(RecordBreachOfWorkOrder { work_order, clock, due }),
                _ => None,
            })
            .collect();
        self.items += of_requests.len() + of_orders.len();
        stream::iter(&of_requests)
            .map(|item| self.breach::<MaintenanceRequest>(item, item.request, (item.clock, item.due)))
            .buffer_unordered(C::AT_ONCE)
            .try_collect::<()>()
            .await?;
        stream::iter(&of_orders)
            .map(|item| self.breach::<WorkOrder>(item, item.work_order, (item.clock, item.due)))
            .buffer_unordered(C::AT_ONCE)
            .try_collect()
            .await
    }

    async fn breach<A: Root>(
        &self,
        item: &impl Command,
        id: A::Id,
        (clock, due): (SlaClock, DateTime<Utc>),
    ) -> Result<(), TickError> {
        let rule = match clock {
            SlaClock::Response => "miss_response",
            SlaClock::Resolution => "miss_resolution",
        };
        let day = due.with_timezone(&self.settings.time_zone).date_naive();
        let invocation = self.invocation(id.into(), rule, day, due);
        self.give(&invocation, item).await.map_err(failed(rule, id.into(), day))
    }

    /// Gives an item whose refusal only says that someone else was faster.
    async fn give(&self, invocation: &Invocation, item: &impl Command) -> Result<(), ExecuteError> {
        match self.commands.carry_out(invocation, item).await {
            Ok(()) | Err(ExecuteError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
