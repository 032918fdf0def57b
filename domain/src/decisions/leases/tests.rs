mod endings;
mod laws;

use uuid::Uuid;

use super::*;
use crate::{
    ids::{ChargeId, PropertyId},
    lease::ChargeKind,
    money::{Currency, Money},
    personal::{Contact, PersonName, Personal},
    property::{Address, PropertyDetails, PropertyEvent, PropertyKind, PropertyRefusal},
    resident::ResidentRefusal,
    span::Span,
    unit::UnitDetails,
};

const HOUSE: PropertyId = PropertyId(Uuid::from_u128(1));
const FLAT: UnitId = UnitId(Uuid::from_u128(2));
const ADA: ResidentId = ResidentId(Uuid::from_u128(3));
const BEN: ResidentId = ResidentId(Uuid::from_u128(4));
const LEASE: LeaseId = LeaseId(Uuid::from_u128(5));
const OTHER: LeaseId = LeaseId(Uuid::from_u128(6));

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> Span {
    Span::new(day(from), day(to))
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn on(today: &str) -> Context {
    Context::on(day(today))
}

fn house() -> Property {
    let details = PropertyDetails {
        name: "Elm Court".into(),
        address: Address {
            street: "12 Elm Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: None,
        amenities: vec![],
    };
    with(&Property::default(), &[PropertyEvent::Created { details }])
}

fn left() -> Property {
    let left = PropertyEvent::Offboarded {
        on: day("2026-05-01"),
        reason: "sold".into(),
    };
    with(&house(), &[left])
}

fn flat(more: &[UnitEvent]) -> Unit {
    let details = UnitDetails {
        number: "101".into(),
        bedrooms: 1,
        half_baths: 2,
        square_feet: None,
        market_rent: usd(100_000),
    };
    let created = UnitEvent::Created {
        property: HOUSE,
        details,
    };
    with(&with(&Unit::default(), &[created]), more)
}

fn known(id: ResidentId) -> Resident {
    let created = ResidentEvent::Created {
        name: Personal::of(
            id,
            PersonName {
                given: "Ada".into(),
                family: "Lovelace".into(),
            },
        ),
        contact: Personal::of(id, Contact::default()),
        birth_date: None,
        emergency_contacts: None,
    };
    with(&Resident::default(), &[created])
}

fn erased(id: ResidentId) -> Resident {
    let reason = "asked".to_owned();
    with(&known(id), &[ResidentEvent::Erased { reason }])
}

fn terms(term: Span) -> Terms {
    Terms {
        residents: vec![ADA, BEN],
        term,
        rent: usd(100_000),
        rent_tax: None,
        due_day: 1,
    }
}

fn year() -> Span {
    span("2026-06-01", "2027-06-01")
}

fn draft() -> Lease {
    let created = LeaseEvent::Created {
        property: HOUSE,
        unit: FLAT,
        terms: terms(year()),
    };
    with(&Lease::default(), &[created])
}

fn signed() -> Lease {
    with(&draft(), &[LeaseEvent::Signed { on: day("2026-05-01") }])
}

fn activated(on: &str) -> LeaseEvent {
    LeaseEvent::Activated {
        on: day(on),
        charged_from: day("2026-06-01"),
    }
}

fn rent(charge: ChargeId, minor: i64, from: &str, to: &str) -> LeaseEvent {
    let days = span(from, to);
    LeaseEvent::ChargePosted {
        charge,
        kind: ChargeKind::Rent,
        description: format!("Rent for {days}"),
        amount: usd(minor),
        tax: None,
        due_on: days.from,
        period: Some(days),
        recurring: None,
    }
}

fn june() -> LeaseEvent {
    rent(on("2026-06-01").id(0).into(), 100_000, "2026-06-01", "2026-07-01")
}

fn in_force() -> Lease {
    with(&signed(), &[activated("2026-06-01"), june()])
}

fn leased(lease: LeaseId, span: Span, on_notice: bool) -> UnitEvent {
    UnitEvent::Leased { lease, span, on_notice }
}

/// A tenancy and all that decisions about it read, kept together through its steps.
struct Home {
    lease: Lease,
    unit: Unit,
    residents: Vec<(ResidentId, Resident)>,
}

impl Home {
    fn drafted() -> Self {
        Self {
            lease: draft(),
            unit: flat(&[]),
            residents: vec![(ADA, known(ADA)), (BEN, known(BEN))],
        }
    }

    fn signed() -> Self {
        Self {
            lease: signed(),
            unit: flat(&[leased(LEASE, year(), false)]),
            ..Self::drafted()
        }
    }

    fn in_force() -> Self {
        let moved_in = |id| ResidentEvent::MovedIn {
            lease: id,
            unit: FLAT,
            on: day("2026-06-01"),
        };
        Self {
            lease: in_force(),
            unit: flat(&[leased(LEASE, year(), false), UnitEvent::Occupied { lease: LEASE }]),
            residents: [ADA, BEN].map(|id| (id, with(&known(id), &[moved_in(LEASE)]))).into(),
        }
    }

    /// Another lease has signed for these days.
    fn beside(mut self, other: Span) -> Self {
        self.unit = with(&self.unit, &[leased(OTHER, other, false)]);
        self
    }

    fn on_notice(mut self, ends: &str) -> Self {
        let given = LeaseEvent::NoticeGiven {
            given_on: day("2026-06-01"),
            ends: day(ends),
        };
        self.lease = with(&self.lease, &[given]);
        self
    }

    fn decide(
        &self,
        decide: impl FnOnce(Tenancy<'_>) -> Result<TenancyFacts, Refusal>,
    ) -> Result<TenancyFacts, Refusal> {
        let residents: Vec<_> = self.residents.iter().map(|(id, resident)| (*id, resident)).collect();
        decide(Tenancy {
            id: LEASE,
            lease: &self.lease,
            unit: &self.unit,
            residents: &residents,
        })
    }
}

fn facts(lease: Vec<LeaseEvent>, unit: Vec<UnitEvent>) -> TenancyFacts {
    TenancyFacts {
        lease,
        unit,
        residents: vec![],
    }
}

fn of_both(event: &ResidentEvent) -> Vec<(ResidentId, Vec<ResidentEvent>)> {
    [ADA, BEN].map(|id| (id, vec![event.clone()])).into()
}

fn taken(span: Span) -> Refusal {
    UnitRefusal::Leased { lease: OTHER, span }.into()
}

#[test]
fn a_draft_names_a_unit_and_residents_that_exist() {
    let unit = flat(&[]);
    let (ada, ben) = (known(ADA), known(BEN));
    let draft = |property: &Property, unit: &Unit, residents: &[(ResidentId, &Resident)]| {
        draft_lease(
            &Lease::default(),
            property,
            (FLAT, unit),
            residents,
            terms(year()),
            &on("2026-05-01"),
        )
    };
    let both = [(ADA, &ada), (BEN, &ben)];
    let created = LeaseEvent::Created {
        property: HOUSE,
        unit: FLAT,
        terms: terms(year()),
    };
    assert_eq!(draft(&house(), &unit, &both), Ok(vec![created]));
    assert_eq!(
        draft(&house(), &Unit::default(), &both),
        Err(UnitRefusal::Absent.into())
    );
    assert_eq!(
        draft(&left(), &unit, &both),
        Err(PropertyRefusal::Offboarded { on: day("2026-05-01") }.into())
    );
    assert_eq!(
        draft(&house(), &unit, &[(ADA, &ada), (BEN, &Resident::default())]),
        Err(ResidentRefusal::Absent.into())
    );
    assert_eq!(
        draft(&house(), &unit, &[(ADA, &erased(ADA)), (BEN, &ben)]),
        Err(ResidentRefusal::Erased.into())
    );
}

#[test]
fn a_draft_is_amended_to_residents_that_exist() {
    let later = || terms(span("2026-07-01", "2027-07-01"));
    let amend = |lease: &Lease, ben: &Resident| {
        let ada = known(ADA);
        amend_lease(lease, &[(ADA, &ada), (BEN, ben)], later(), &on("2026-05-01"))
    };
    assert_eq!(
        amend(&draft(), &known(BEN)),
        Ok(vec![LeaseEvent::Amended { terms: later() }])
    );
    assert_eq!(amend(&draft(), &erased(BEN)), Err(ResidentRefusal::Erased.into()));
    assert!(amend(&signed(), &known(BEN)).is_err());
}

#[test]
fn signing_takes_the_unit_for_the_term() {
    let sign = |home: &Home, property: &Property| {
        home.decide(|tenancy| sign_lease(tenancy, property, day("2026-05-01"), &on("2026-05-01")))
    };
    let signed = LeaseEvent::Signed { on: day("2026-05-01") };
    assert_eq!(
        sign(&Home::drafted(), &house()),
        Ok(facts(vec![signed], vec![leased(LEASE, year(), false)]))
    );
    assert_eq!(
        sign(&Home::drafted(), &left()),
        Err(PropertyRefusal::Offboarded { on: day("2026-05-01") }.into())
    );
    let mut gone = Home::drafted();
    gone.residents[1].1 = erased(BEN);
    assert_eq!(sign(&gone, &house()), Err(ResidentRefusal::Erased.into()));
    let mut offline = Home::drafted();
    let reason = "fire".to_owned();
    offline.unit = flat(&[UnitEvent::TakenOffline { reason: reason.clone() }]);
    assert_eq!(sign(&offline, &house()), Err(UnitRefusal::Offline { reason }.into()));
}

#[test]
fn no_two_leases_have_the_same_day_of_a_unit() {
    for (other, overlaps) in [
        (span("2026-01-01", "2026-06-01"), false),
        (span("2026-01-01", "2026-06-02"), true),
        (span("2026-12-01", "2026-12-02"), true),
        (span("2027-05-31", "2028-01-01"), true),
        (span("2027-06-01", "2028-01-01"), false),
        (Span::open(day("2026-01-01")), true),
    ] {
        let home = Home::drafted().beside(other);
        let sign = home.decide(|tenancy| sign_lease(tenancy, &house(), day("2026-05-01"), &on("2026-05-01")));
        let expected = if overlaps { Err(taken(other)) } else { Ok(()) };
        assert_eq!(sign.map(drop), expected);
    }
}

#[test]
fn activating_moves_everybody_in_and_charges_what_is_due() {
    let activate = |home: &Home| home.decide(|tenancy| activate_lease(tenancy, day("2026-06-01"), &on("2026-06-01")));
    let moved_in = ResidentEvent::MovedIn {
        lease: LEASE,
        unit: FLAT,
        on: day("2026-06-01"),
    };
    assert_eq!(
        activate(&Home::signed()),
        Ok(TenancyFacts {
            lease: vec![activated("2026-06-01"), june()],
            unit: vec![UnitEvent::Occupied { lease: LEASE }],
            residents: of_both(&moved_in),
        })
    );
    let mut occupied = Home::signed().beside(span("2026-01-01", "2026-06-01"));
    occupied.unit = with(&occupied.unit, &[UnitEvent::Occupied { lease: OTHER }]);
    assert_eq!(activate(&occupied), Err(UnitRefusal::Occupied { lease: OTHER }.into()));
    let mut gone = Home::signed();
    gone.residents[0].1 = erased(ADA);
    assert_eq!(activate(&gone), Err(ResidentRefusal::Erased.into()));
    assert!(activate(&Home::drafted()).is_err());
}

#[test]
fn renewing_takes_the_days_of_the_new_term() {
    let renewal = Renewal {
        from: day("2027-06-01"),
        to: Some(day("2028-06-01")),
        rent: usd(104_000),
        rent_tax: None,
    };
    let renew = |home: &Home| home.decide(|tenancy| renew_lease(tenancy, renewal, &on("2027-04-01")));
    let renewed = LeaseEvent::Renewed {
        from: day("2027-06-01"),
        to: Some(day("2028-06-01")),
        rent: usd(104_000),
        rent_tax: None,
    };
    let days = span("2026-06-01", "2028-06-01");
    assert_eq!(
        renew(&Home::in_force()),
        Ok(facts(vec![renewed], vec![leased(LEASE, days, false)]))
    );
    let successor = span("2028-05-01", "2029-05-01");
    assert_eq!(renew(&Home::in_force().beside(successor)), Err(taken(successor)));
}

#[test]
fn a_lease_is_taken_over_with_its_unit_and_residents() {
    let take_over = |unit: &Unit, property: &Property, notice: Option<&str>| {
        let home = Home {
            lease: Lease::default(),
            unit: unit.clone(),
            ..Home::drafted()
        };
        let taken = TakeOver {
            property: HOUSE,
            unit: FLAT,
            terms: terms(year()),
            moved_in: day("2026-06-01"),
            notice: notice.map(day),
            balance: usd(0),
            due_on: None,
        };
        home.decide(|tenancy| take_over_lease(tenancy, property, taken, &on("2026-06-15")))
    };
    let moved_in = ResidentEvent::MovedIn {
        lease: LEASE,
        unit: FLAT,
        on: day("2026-06-01"),
    };
    let occupied = UnitEvent::Occupied { lease: LEASE };
    let staying = take_over(&flat(&[]), &house(), None).unwrap();
    assert_eq!(staying.unit, [leased(LEASE, year(), false), occupied.clone()]);
    assert_eq!(staying.residents, of_both(&moved_in));
    assert!(matches!(staying.lease[..], [.., LeaseEvent::Opened { .. }]));

    let leaving = take_over(&flat(&[]), &house(), Some("2026-08-01")).unwrap();
    assert_eq!(
        leaving.unit,
        [leased(LEASE, span("2026-06-01", "2026-08-01"), true), occupied]
    );
    let noticed = ResidentEvent::NoticeGiven {
        lease: LEASE,
        ends: day("2026-08-01"),
    };
    assert_eq!(
        leaving.residents,
        [ADA, BEN].map(|id| (id, vec![moved_in.clone(), noticed.clone()]))
    );

    let other = span("2026-12-01", "2027-12-01");
    assert_eq!(
        take_over(&flat(&[leased(OTHER, other, false)]), &house(), None),
        Err(taken(other))
    );
    assert_eq!(
        take_over(&flat(&[]), &left(), None),
        Err(PropertyRefusal::Offboarded { on: day("2026-05-01") }.into())
    );
    assert_eq!(
        take_over(&Unit::default(), &house(), None),
        Err(UnitRefusal::Absent.into())
    );
}
