//! Histories that nobody thought of, of two organizations to which the same happens.

use std::collections::BTreeMap;

use chrono::Days;
use domain::{
    ids::{RequestId, VendorId, WorkOrderId},
    lease::{ChargeKind, CreditTarget, LeaseEvent},
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    registry::AnyEvent,
    work_order::WorkOrderEvent,
};
use proptest::prelude::*;
use schemas::Shard;

use super::*;

pub(super) const ELM: Uuid = Uuid::from_u128(2);
/// So many that more than a few of them are late.
const LEASES: u16 = 250;

/// What happens next, and to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    what: u8,
    pick: u16,
    more: u16,
}

prop_compose! {
    pub(super) fn step()(what in 0..20_u8, pick in any::<u16>(), more in any::<u16>()) -> Step {
        Step { what, pick, more }
    }
}

/// A history as it is told.
struct Story {
    now: DateTime<Utc>,
    facts: Vec<Fact>,
    /// What each charge has open, and of which lease it is.
    charges: BTreeMap<u16, (u16, i64)>,
    collected: BTreeMap<u16, i64>,
    requests: u16,
    /// Of each work order the request.
    orders: Vec<Option<u16>>,
}

pub(super) fn told(steps: &[Step]) -> Vec<Arc<Fact>> {
    let mut story = Story {
        now: noon(on("2026-01-10")),
        facts: Vec::new(),
        charges: BTreeMap::new(),
        collected: BTreeMap::new(),
        requests: 0,
        orders: Vec::new(),
    };
    for number in 0..LEASES {
        let property = if number % 3 == 0 { OAK } else { COURT };
        let (id, event) = lease_created(number.into(), property, 100_000);
        story.happens(id, event);
    }
    for step in steps {
        story.now += TimeDelta::minutes(i64::from(step.more % 32) * 4);
        story.take(*step);
    }
    let twice = |fact: Fact| {
        let theirs = Fact {
            tenant_id: OrganizationId(ELM),
            shard: Shard::new(4).unwrap(),
            ..fact.clone()
        };
        [fact, theirs]
    };
    story.facts.into_iter().flat_map(twice).map(Arc::new).collect()
}

impl Story {
    fn happens(&mut self, id: Uuid, event: AnyEvent) {
        let position = i64::try_from(self.facts.len()).unwrap() + 1;
        self.facts.push(fact_at(position, id, self.now, event));
    }

    fn take(&mut self, step: Step) {
        match step.what {
            0..5 => self.charges_anew(step),
            5..7 => self.account(step),
            7..10 => self.reports(step),
            10..12 => self.orders(step),
            12..15 => self.request_goes_on(step),
            _ => self.order_goes_on(step),
        }
    }

    fn charges_anew(&mut self, Step { pick, more, .. }: Step) {
        let (number, lease) = (u16::try_from(self.charges.len()).unwrap(), pick % LEASES);
        // Few amounts, so that some owe the same; due before or after the day.
        let amount = 50_000 * i64::from(1 + more % 3);
        let due_on = self.now.date_naive() + Days::new((more % 40).into()) - Days::new(15);
        let kind = [ChargeKind::Rent, ChargeKind::Parking][usize::from(more % 2)];
        let (id, event) = of_lease(lease.into(), posted(number.into(), kind, amount, &due_on.to_string()));
        self.happens(id, event);
        self.charges.insert(number, (lease, amount));
    }

    fn account(&mut self, Step { pick, more, .. }: Step) {
        let Some(number) = pick.checked_rem(u16::try_from(self.charges.len()).unwrap()) else {
            return;
        };
        let (lease, open) = self.charges[&number];
        let collected = self.collected.get(&number).copied().unwrap_or(0);
        let (amount, tax, kind, on) = (
            usd(open / i64::from(1 + more % 2)),
            None,
            ChargeKind::Rent,
            self.now.date_naive(),
        );
        let (charge, reason) = (charge(number.into()), String::new());
        let target = CreditTarget::Charge { charge, kind };
        let credit = CreditId(Uuid::from_u128(400));
        let (event, open) = match more % 6 {
            0 if amount.minor > 0 => {
                let waived = LeaseEvent::ChargeWaived {
                    charge,
                    kind,
                    amount,
                    tax,
                    reason,
                    on,
                };
                (waived, open - amount.minor)
            }
            1 if amount.minor > 0 => {
                let off = LeaseEvent::ChargeWrittenOff {
                    charge,
                    kind,
                    amount,
                    tax,
                    reason,
                    on,
                };
                (off, open - amount.minor)
            }
            2 | 3 if collected > 0 => {
                self.collected.remove(&number);
                let amount = usd(collected);
                let unapplied = LeaseEvent::CreditUnapplied {
                    credit,
                    target,
                    amount,
                    tax,
                    on,
                };
                (unapplied, open + collected)
            }
            _ if amount.minor > 0 => {
                self.collected.insert(number, collected + amount.minor);
                let applied = LeaseEvent::CreditApplied {
                    credit,
                    target,
                    amount,
                    tax,
                    on,
                };
                (applied, open - amount.minor)
            }
            _ => return,
        };
        self.charges.insert(number, (lease, open));
        let (id, event) = of_lease(lease.into(), event);
        self.happens(id, event);
    }

    /// Some hours and some days from now; now and then at a midnight.
    fn deadlines(&self, more: u16) -> Deadlines {
        let respond_by = self.now + TimeDelta::minutes(i64::from(more % 97) * 30);
        let resolve_by = self.now + TimeDelta::hours(i64::from(more % 231));
        let midnight = resolve_by.date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
        Deadlines {
            respond_by,
            resolve_by: if more.is_multiple_of(5) { midnight } else { resolve_by },
        }
    }

    fn reports(&mut self, Step { pick, more, .. }: Step) {
        let submitted = MaintenanceRequestEvent::Submitted {
            property: property(pick),
            unit: None,
            resident: None,
            category: String::new(),
            priority: priority(pick),
            summary: String::new(),
            description: String::new(),
            permission_to_enter: true,
            reported_at: self.now - TimeDelta::minutes(i64::from(pick % 4000)),
            deadlines: self.deadlines(more),
        };
        self.happens(request(self.requests).0, AnyEvent::MaintenanceRequest(submitted));
        self.requests += 1;
    }

    fn orders(&mut self, Step { pick, more, .. }: Step) {
        let of = pick.checked_rem(self.requests).filter(|_| more % 2 == 0);
        let created = WorkOrderEvent::Created {
            property: property(of.map_or(pick, |_| more)),
            unit: None,
            request: of.map(request),
            category: String::new(),
            priority: priority(more),
            summary: String::new(),
            description: String::new(),
            deadlines: self.deadlines(more),
            breached: Vec::new(),
        };
        let id = order(u16::try_from(self.orders.len()).unwrap());
        self.happens(id.0, AnyEvent::WorkOrder(created));
        self.orders.push(of);
    }

    fn request_goes_on(&mut self, Step { pick, more, .. }: Step) {
        let Some(number) = pick.checked_rem(self.requests) else {
            return;
        };
        let reason = String::new();
        let event = match more % 5 {
            0 => MaintenanceRequestEvent::Declined { reason },
            1 | 2 => MaintenanceRequestEvent::Resolved { resolution: reason },
            3 => MaintenanceRequestEvent::Triaged {
                category: String::new(),
                priority: priority(more / 5),
                deadlines: self.deadlines(more),
            },
            _ => MaintenanceRequestEvent::Reopened {
                reason,
                reported_at: self.now,
                deadlines: self.deadlines(more),
                work_order: None,
            },
        };
        self.happens(request(number).0, AnyEvent::MaintenanceRequest(event));
    }

    fn order_goes_on(&mut self, Step { pick, more, .. }: Step) {
        let Some(number) = pick.checked_rem(u16::try_from(self.orders.len()).unwrap()) else {
            return;
        };
        let (reason, deadlines) = (String::new(), self.deadlines(more));
        let event = match more % 9 {
            0 | 1 => WorkOrderEvent::Assigned {
                vendor: VendorId(Uuid::from_u128(700)),
            },
            2 => WorkOrderEvent::Resumed { deadlines },
            3..6 => WorkOrderEvent::WorkDone { notes: reason },
            6 => WorkOrderEvent::Completed { vendor: None },
            7 => WorkOrderEvent::Cancelled { reason },
            _ => WorkOrderEvent::Reopened { reason, deadlines },
        };
        self.happens(order(number).0, AnyEvent::WorkOrder(event));
    }
}

fn property(pick: u16) -> PropertyId {
    [COURT, OAK][usize::from(pick % 2)]
}

fn priority(pick: u16) -> Priority {
    [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent][usize::from(pick % 4)]
}

fn request(number: u16) -> RequestId {
    RequestId(Uuid::from_u128(10_000 + u128::from(number)))
}

fn order(number: u16) -> WorkOrderId {
    WorkOrderId(Uuid::from_u128(20_000 + u128::from(number)))
}
