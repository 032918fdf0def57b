//! The directory shows what decisions are made on: whatever is asked of an aggregate, both tell the same of what follows.

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

#[derive(Debug, Clone)]
enum OfUnit {
    Do(UnitCommand),
    Take(LeaseId, Span, bool),
    Release(LeaseId),
    MoveIn(LeaseId),
    MoveOut(LeaseId, NaiveDate),
}

fn any_lease() -> impl Strategy<Value = LeaseId> {
    (0_u128..3).prop_map(|n| LeaseId(Uuid::from_u128(n)))
}

fn of_unit() -> impl Strategy<Value = OfUnit> {
    let details = |bedrooms| UnitDetails {
        number: "101".into(),
        bedrooms,
        half_baths: 2,
        square_feet: None,
        market_rent: usd(100_000),
    };
    let list = |day| UnitCommand::List {
        available_on: june(day),
        asking_rent: usd(110_000),
    };
    let span = (0_u64..20, 1_u64..10).prop_map(|(from, days)| Span::new(june(from), june(from + days)));
    prop_oneof![
        1 => Just(OfUnit::Do(UnitCommand::Create { property: COURT, details: details(1) })),
        1 => (1_u8..3).prop_map(move |bedrooms| OfUnit::Do(UnitCommand::Update { details: details(bedrooms) })),
        2 => (0_u64..30).prop_map(move |day| OfUnit::Do(list(day))),
        1 => Just(OfUnit::Do(UnitCommand::MakeReady)),
        1 => Just(OfUnit::Do(UnitCommand::TakeOffline { reason: why() })),
        3 => (any_lease(), span, any::<bool>()).prop_map(|(lease, span, on_notice)| OfUnit::Take(lease, span, on_notice)),
        1 => any_lease().prop_map(OfUnit::Release),
        2 => any_lease().prop_map(OfUnit::MoveIn),
        2 => (any_lease(), 0_u64..30).prop_map(|(lease, on)| OfUnit::MoveOut(lease, june(on))),
    ]
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

#[derive(Debug, Clone)]
enum OfResident {
    Do(ResidentCommand),
    MoveIn(LeaseId),
    MoveOut(LeaseId),
}

fn of_resident() -> impl Strategy<Value = OfResident> {
    let resident = ResidentId(ID);
    let profile = |family: &str| Profile {
        name: PersonName {
            given: "Ada".into(),
            family: family.into(),
        },
        contact: Contact::default(),
        birth_date: None,
        emergency_contacts: vec![],
    };
    let create = ResidentCommand::Create {
        resident,
        profile: profile("Byron"),
    };
    let update = ResidentCommand::Update {
        resident,
        profile: profile("Lovelace"),
    };
    prop_oneof![
        1 => Just(OfResident::Do(create)),
        1 => Just(OfResident::Do(update)),
        1 => Just(OfResident::Do(ResidentCommand::Erase { reason: why() })),
        3 => any_lease().prop_map(OfResident::MoveIn),
        3 => any_lease().prop_map(OfResident::MoveOut),
    ]
}

fn of_vendor() -> impl Strategy<Value = VendorCommand> {
    let vendor = VendorId(ID);
    let profile = |trade: &str| VendorProfile {
        name: "Drip & Sons".into(),
        contact: Contact::default(),
        trades: vec![trade.into()],
        insured_through: None,
    };
    prop_oneof![
        Just(VendorCommand::Create {
            vendor,
            profile: profile("roofs")
        }),
        Just(VendorCommand::Update {
            vendor,
            profile: profile("pipes")
        }),
        Just(VendorCommand::Block { reason: why() }),
        Just(VendorCommand::Unblock),
    ]
}

#[derive(Debug, Clone)]
enum OfRequest {
    Do(RequestCommand),
    Convert,
}

fn of_request() -> impl Strategy<Value = OfRequest> {
    let report = Report {
        property: COURT,
        unit: None,
        resident: None,
        category: "plumbing".into(),
        priority: Priority::Medium,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
        permission_to_enter: false,
    };
    let triage = RequestCommand::Triage {
        category: "flood".into(),
        priority: Priority::Urgent,
    };
    let resolution = why();
    prop_oneof![
        3 => Just(OfRequest::Do(RequestCommand::Submit(report))),
        1 => Just(OfRequest::Do(triage)),
        1 => Just(OfRequest::Do(RequestCommand::Decline { reason: why() })),
        1 => Just(OfRequest::Do(RequestCommand::Resolve { resolution })),
        1 => Just(OfRequest::Do(RequestCommand::Reopen { reason: why() })),
        1 => Just(OfRequest::Convert),
    ]
}

fn convert(
    request: &maintenance_request::MaintenanceRequest,
    context: &Context,
) -> Decided<maintenance_request::MaintenanceRequest> {
    let mut vendor = vendor::Vendor::default();
    vendor.apply(domain::vendor::VendorEvent::Created {
        name: Personal::of(VendorId(ID), "Drip & Sons".to_owned()),
        contact: Personal::of(VendorId(ID), Contact::default()),
        trades: vec![],
        insured_through: None,
    });
    let begun = work_order::WorkOrder::default();
    let work_order = (WorkOrderId(context.id(0)), &begun);
    let (converted, _) = convert_request((RequestId(ID), request), work_order, (VendorId(ID), &vendor), context)?;
    Ok(converted)
}

fn of_work_order() -> impl Strategy<Value = WorkOrderCommand> {
    let vendor = || (0_u128..2).prop_map(|n| VendorId(Uuid::from_u128(n)));
    let work = Work {
        property: COURT,
        unit: None,
        category: "plumbing".into(),
        priority: Priority::High,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
    };
    prop_oneof![
        3 => Just(WorkOrderCommand::Create(work)),
        1 => vendor().prop_map(|vendor| WorkOrderCommand::RequestEstimate { vendor }),
        1 => (1_i64..3).prop_map(|minor| WorkOrderCommand::Estimate { amount: usd(minor) }),
        1 => vendor().prop_map(|vendor| WorkOrderCommand::Assign { vendor }),
        1 => (0_u64..90).prop_map(|day| WorkOrderCommand::Schedule { on: june(day) }),
        1 => Just(WorkOrderCommand::Pause { reason: why() }),
        1 => Just(WorkOrderCommand::Resume),
        1 => Just(WorkOrderCommand::FinishWork { notes: why() }),
        1 => Just(WorkOrderCommand::Bill { amount: usd(9_000) }),
        1 => Just(WorkOrderCommand::Complete),
        1 => Just(WorkOrderCommand::Cancel { reason: why() }),
        1 => Just(WorkOrderCommand::Reopen { reason: why() }),
    ]
}

fn of_payment() -> impl Strategy<Value = PaymentCommand> {
    let intent = Intent {
        lease: LEASE,
        payer: Some(ADA),
        amount: usd(10_000),
        method: Method::Ach,
        reference: None,
        designations: vec![],
    };
    let bank_account = BankAccountId(ID);
    let reference = Some("trace 7".to_owned());
    prop_oneof![
        3 => Just(PaymentCommand::Initiate(intent)),
        1 => Just(PaymentCommand::Process),
        3 => Just(PaymentCommand::Complete { reference }),
        3 => Just(PaymentCommand::Deposit { undeposited: usd(0), fee: usd(30), bank_account }),
        1 => Just(PaymentCommand::Fail { reason: why() }),
        1 => Just(PaymentCommand::Void { reason: why() }),
        1 => Just(PaymentCommand::Return { bank_fee: usd(500), reason: why() }),
        1 => Just(PaymentCommand::Dispute { reason: why() }),
        1 => Just(PaymentCommand::Win),
        1 => Just(PaymentCommand::Lose { bank_fee: usd(500) }),
        2 => (1_i64..8_000).prop_map(|minor| PaymentCommand::Refund { amount: usd(minor), reason: why() }),
    ]
}

#[derive(Debug, Clone)]
enum OfLease {
    Do(LeaseCommand),
    /// Money comes in, and pays what it can.
    Receive(i64),
    /// The nth charge is reduced, in one of three ways.
    Reduce(usize, u8, i64),
}

fn of_lease_account() -> impl Strategy<Value = OfLease> {
    let terms = |rent| Terms {
        residents: vec![ADA],
        term: Span::new(june(0), june(90)),
        rent: usd(rent),
        rent_tax: None,
        due_day: 1,
    };
    let draft = LeaseCommand::Draft {
        property: COURT,
        unit: unit_id(9),
        terms: terms(100_000),
    };
    let charge = |minor| ManualCharge {
        kind: ChargeKind::Utilities,
        description: "Water".into(),
        amount: usd(minor),
        tax: None,
        due_on: june(3),
        period: None,
    };
    let renewal = Renewal {
        from: june(90),
        to: Some(june(180)),
        rent: usd(110_000),
        rent_tax: None,
    };
    prop_oneof![
        4 => Just(OfLease::Do(draft)),
        1 => Just(OfLease::Do(LeaseCommand::Amend { terms: terms(120_000) })),
        4 => Just(OfLease::Do(LeaseCommand::Sign { on: june(0) })),
        4 => Just(OfLease::Do(LeaseCommand::Activate { on: june(0) })),
        1 => Just(OfLease::Do(LeaseCommand::Renew(renewal))),
        1 => Just(OfLease::Do(LeaseCommand::RollOver)),
        1 => (10_u64..120).prop_map(|day| OfLease::Do(LeaseCommand::GiveNotice { given_on: june(5), ends: june(day) })),
        1 => (10_u64..120).prop_map(|day| OfLease::Do(LeaseCommand::End { on: june(day) })),
        1 => Just(OfLease::Do(LeaseCommand::Settle)),
        1 => Just(OfLease::Do(LeaseCommand::Void { reason: why() })),
        3 => (0_u64..120).prop_map(|day| OfLease::Do(LeaseCommand::PostDue { through: june(day) })),
        2 => (0_u64..120).prop_map(|day| OfLease::Do(LeaseCommand::AssessLateFees { day: june(day) })),
        2 => (1_i64..50_000).prop_map(move |minor| OfLease::Do(LeaseCommand::Charge(charge(minor)))),
        4 => (1_i64..150_000).prop_map(OfLease::Receive),
        3 => (0_usize..6, 0_u8..3, 1_i64..60_000).prop_map(|(nth, how, minor)| OfLease::Reduce(nth, how, minor)),
    ]
}

impl OfLease {
    fn decide(&self, lease: &lease::Lease, context: &Context) -> Decided<lease::Lease> {
        match self {
            Self::Do(command) => lease.decide(command.clone(), context),
            Self::Receive(minor) => {
                lease.must_have_account()?;
                let mut entries = Entries::on(lease.account(), context);
                entries.credit(CreditId(context.id(0)), usd(*minor), context.effective_on);
                entries.pay_from_credits()?;
                Ok(entries.into_events())
            }
            Self::Reduce(nth, how, minor) => {
                let Some(charge) = lease.account().charges().nth(*nth).map(|charge| charge.id) else {
                    return Ok(vec![]);
                };
                let (amount, reason) = (usd(*minor), why());
                let command = match how {
                    0 => LeaseCommand::Waive {
                        charge,
                        amount: Some(amount),
                        reason,
                    },
                    1 => LeaseCommand::WriteOff {
                        charge,
                        amount: Some(amount),
                        reason,
                    },
                    _ => LeaseCommand::Concede { charge, amount, reason },
                };
                lease.decide(command, context)
            }
        }
    }
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
