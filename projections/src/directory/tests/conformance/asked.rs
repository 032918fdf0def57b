//! What may be asked of each aggregate, in any order.

use super::*;

#[derive(Debug, Clone)]
pub(super) enum OfUnit {
    Do(UnitCommand),
    Take(LeaseId, Span, bool),
    Release(LeaseId),
    MoveIn(LeaseId),
    MoveOut(LeaseId, NaiveDate),
}

fn any_lease() -> impl Strategy<Value = LeaseId> {
    (0_u128..3).prop_map(|n| LeaseId(Uuid::from_u128(n)))
}

pub(super) fn of_unit() -> impl Strategy<Value = OfUnit> {
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

#[derive(Debug, Clone)]
pub(super) enum OfResident {
    Do(ResidentCommand),
    MoveIn(LeaseId),
    MoveOut(LeaseId),
}

pub(super) fn of_resident() -> impl Strategy<Value = OfResident> {
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

pub(super) fn of_vendor() -> impl Strategy<Value = VendorCommand> {
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
pub(super) enum OfRequest {
    Do(RequestCommand),
    Convert,
}

pub(super) fn of_request() -> impl Strategy<Value = OfRequest> {
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

pub(super) fn convert(
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

pub(super) fn of_work_order() -> impl Strategy<Value = WorkOrderCommand> {
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

pub(super) fn of_payment() -> impl Strategy<Value = PaymentCommand> {
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
pub(super) enum OfLease {
    Do(LeaseCommand),
    /// Money comes in, and pays what it can.
    Receive(i64),
    /// The nth charge is reduced, in one of three ways.
    Reduce(usize, u8, i64),
}

pub(super) fn of_lease_account() -> impl Strategy<Value = OfLease> {
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
    pub(super) fn decide(&self, lease: &lease::Lease, context: &Context) -> Decided<lease::Lease> {
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
