//! The directory shows what decisions are made on: whatever is asked of an aggregate, both tell the same of what follows.

mod asked;

use asked::*;
use chrono::{Days, TimeDelta};
use cqrs_es::Aggregate;
use domain::{
    Refusal,
    context::Context,
    decisions::convert_request,
    ids::{BankAccountId, CommandId, RequestId, VendorId, WorkOrderId},
    lease::{self, Entries, LeaseCommand, ManualCharge, Renewal},
    maintenance_request::{self, Priority, Report, RequestCommand},
    payment::{self, Intent, Method, PaymentCommand},
    resident::{self, Profile, ResidentCommand},
    unit::{self, UnitCommand},
    vendor::{self, VendorCommand, VendorProfile},
    work_order::{self, Work, WorkOrderCommand},
};
use serde::Serialize;

use super::*;
use crate::directory::{fold, state::State};

const ID: Uuid = Uuid::from_u128(1_000);

fn june(day: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap() + Days::new(day)
}

fn why() -> String {
    "because".into()
}

/// An aggregate, and what the directory shows of it.
#[derive(Default)]
struct Twins<A> {
    aggregate: A,
    shown: State,
    told: u128,
    today: u64,
}

type Decided<A> = Result<Vec<<A as Aggregate>::Event>, Refusal>;

impl<A: Aggregate> Twins<A> {
    /// Some days later something is asked; both are told what follows.
    fn ask(&mut self, later: u64, decide: impl Fn(&A, &Context) -> Decided<A>, any: fn(A::Event) -> AnyEvent) {
        self.today += later;
        self.told += 1;
        let sample = Context::sample();
        let context = Context {
            command: CommandId(Uuid::from_u128(self.told)),
            effective_on: june(self.today),
            occurred_at: sample.occurred_at + TimeDelta::days(i64::try_from(self.today).unwrap()),
            ..sample
        };
        for event in decide(&self.aggregate, &context).unwrap_or_default() {
            self.aggregate.apply(event.clone());
            for fact in facts(vec![(ID, any(event))]) {
                fold::fold(&mut self.shown, &fact).unwrap();
            }
        }
    }

    /// What the directory shows of the thing itself, once there is anything to show.
    fn shows<D: Document>(&mut self) -> Option<&D> {
        self.shows_of(ID)
    }

    fn shows_of<D: Document>(&mut self, id: Uuid) -> Option<&D> {
        self.shown.change::<D>(MAPLE, id).ok().map(|document| &*document)
    }
}

/// A status as the directory writes it.
fn word(status: impl Serialize) -> String {
    let json = serde_json::to_value(status).unwrap();
    json.as_str().unwrap_or("nothing").to_owned()
}

/// What a decision would call it to list the unit as the directory shows it listed.
fn is_listed(unit: &unit::Unit, shown: &Unit) -> bool {
    let (Some(available_on), Some(asking_rent)) = (shown.available_on, shown.asking_rent) else {
        return false;
    };
    let again = UnitCommand::List {
        available_on,
        asking_rent,
    };
    let refusal = unit.decide(again, &Context::sample()).unwrap_err();
    matches!(refusal, Refusal::Unit(unit::UnitRefusal::Listed { .. }))
}

proptest! {
    #[test]
    fn a_unit(steps in prop::collection::vec(of_unit(), 0..40)) {
        let mut twins = Twins::<unit::Unit>::default();
        for fact in facts(history()).iter().take(1) {
            fold::fold(&mut twins.shown, fact).unwrap();
        }
        for step in steps {
            let decide = |unit: &unit::Unit, context: &Context| match step.clone() {
                OfUnit::Do(command) => unit.decide(command, context),
                OfUnit::Take(lease, span, on_notice) => Ok(unit.take(lease, span, on_notice)?),
                OfUnit::Release(lease) => Ok(unit.release(lease)?),
                OfUnit::MoveIn(lease) => Ok(unit.move_in(lease)?),
                OfUnit::MoveOut(lease, on) => Ok(unit.move_out(lease, on)?),
            };
            twins.ask(0, decide, AnyEvent::Unit);
            let unit = twins.aggregate.clone();
            let Some(shown) = twins.shows::<Unit>() else { continue };
            // Notice can be given only once a lease is in force, so no unit is taken with notice before somebody moves in.
            if unit.status() != Some(unit::UnitStatus::OnNotice) || shown.status != "occupied" {
                prop_assert_eq!(&shown.status, &word(unit.status()));
            }
            prop_assert_eq!(shown.occupied_under, unit.occupied_by());
            prop_assert_eq!(&shown.details, unit.details().unwrap());
            prop_assert_eq!(shown.available_on.is_some(), is_listed(&unit, shown));
        }
    }

    #[test]
    fn a_resident(steps in prop::collection::vec(of_resident(), 0..30)) {
        let mut twins = Twins::<resident::Resident>::default();
        for step in steps {
            let decide = |resident: &resident::Resident, context: &Context| match step.clone() {
                OfResident::Do(command) => resident.decide(command, context),
                OfResident::MoveIn(lease) => Ok(resident.move_in(lease, unit_id(lease.0.as_u128()), june(0))?),
                OfResident::MoveOut(lease) => Ok(resident.move_out(lease, june(1))?),
            };
            twins.ask(0, decide, AnyEvent::Resident);
            let resident = twins.aggregate.clone();
            let Some(shown) = twins.shows::<Resident>() else { continue };
            prop_assert_eq!(&shown.status, &word(resident.standing()));
            prop_assert_eq!(shown.erased, resident.is_erased());
            prop_assert_eq!(shown.name.is_none(), resident.is_erased());
            prop_assert_eq!(shown.lease.is_some(), shown.status == "current");
        }
    }

    #[test]
    fn a_vendor(steps in prop::collection::vec(of_vendor(), 0..20)) {
        let mut twins = Twins::<vendor::Vendor>::default();
        for command in steps {
            twins.ask(0, |vendor, context| vendor.decide(command.clone(), context), AnyEvent::Vendor);
            let active = twins.aggregate.must_be_active().is_ok();
            let Some(shown) = twins.shows::<Vendor>() else { continue };
            prop_assert_eq!(shown.status == "active", active);
            prop_assert_eq!(shown.blocked_reason.is_none(), active);
        }
    }

    #[test]
    fn a_request(steps in prop::collection::vec((0_u64..3, of_request()), 0..30)) {
        let mut twins = Twins::<maintenance_request::MaintenanceRequest>::default();
        for (later, step) in steps {
            let decide = |request: &maintenance_request::MaintenanceRequest, context: &Context| match step.clone() {
                OfRequest::Do(command) => request.decide(command, context),
                OfRequest::Convert => convert(request, context),
            };
            twins.ask(later, decide, AnyEvent::MaintenanceRequest);
            let request = twins.aggregate.clone();
            let Some(shown) = twins.shows::<Request>() else { continue };
            prop_assert_eq!(&shown.status, &word(request.status()));
            prop_assert_eq!(shown.work_order, request.work_order());
        }
    }

    #[test]
    fn a_work_order(steps in prop::collection::vec((0_u64..3, of_work_order()), 0..40)) {
        let mut twins = Twins::<work_order::WorkOrder>::default();
        for (later, command) in steps {
            twins.ask(later, |work_order, context| work_order.decide(command.clone(), context), AnyEvent::WorkOrder);
            let status = word(twins.aggregate.status());
            let Some(shown) = twins.shows::<WorkOrder>() else { continue };
            prop_assert_eq!(&shown.status, &status);
            prop_assert_eq!(shown.paused_from.is_some(), shown.status == "waiting");
        }
    }

    #[test]
    fn a_payment(steps in prop::collection::vec((0_u64..9, of_payment()), 0..30)) {
        let mut twins = Twins::<payment::Payment>::default();
        for (later, command) in steps {
            twins.ask(later, |payment, context| payment.decide(command.clone(), context), AnyEvent::Payment);
            let payment = twins.aggregate.clone();
            let Some(shown) = twins.shows::<Payment>() else { continue };
            prop_assert_eq!(&shown.status, &word(payment.status()));
            prop_assert_eq!(shown.bank_account, payment.bank_account());
            prop_assert_eq!(&shown.reference, &payment.intent().unwrap().reference);
            prop_assert_eq!(shown.amount.minus(shown.refunded).unwrap(), payment.left().unwrap());
        }
    }

    #[test]
    fn a_lease_and_its_account(steps in prop::collection::vec((0_u64..9, of_lease_account()), 0..60)) {
        let mut twins = Twins::<lease::Lease>::default();
        for (later, step) in steps {
            twins.ask(later, |lease, context| step.decide(lease, context), AnyEvent::Lease);
            let lease = twins.aggregate.clone();
            let Ok(contract) = lease.contract() else { continue };
            let shown = twins.shows::<Lease>().unwrap();
            prop_assert_eq!(&shown.status, &word(contract.status));
            prop_assert_eq!(shown.ends.or(shown.terms.term.to), contract.term.to);
            let account = lease.account();
            prop_assert_eq!(shown.owed.minor, account.owed());
            prop_assert_eq!(shown.credit.minor, account.free());
            prop_assert_eq!(shown.balance.minor, account.balance());
            for charge in account.charges() {
                let shown = twins.shows_of::<Charge>(charge.id.0).unwrap();
                prop_assert_eq!((shown.open, shown.kind, shown.due_on), (charge.open, charge.kind, charge.due_on));
            }
            for credit in account.credits() {
                prop_assert_eq!(twins.shows_of::<Credit>(credit.id.0).unwrap().free, credit.free);
            }
        }
    }
}
