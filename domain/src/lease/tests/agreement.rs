use super::*;
use crate::{input::InputRefusal, money::MoneyError};

fn drafted(terms: Terms) -> Command {
    Command::Draft {
        property: HOUSE,
        unit: FLAT,
        terms,
    }
}

#[test]
fn a_lease_is_drafted_once() {
    let agreed_on = terms(span("2026-06-01", "2027-06-01"));
    on("2026-05-01", vec![])
        .when(drafted(agreed_on.clone()))
        .then_expect_events(draft());
    on("2026-05-01", draft())
        .when(drafted(agreed_on))
        .then_expect_error(Refusal::Exists.into());
}

#[test]
fn absurd_terms_are_refused_with_what_is_wrong() {
    let good = || terms(span("2026-06-01", "2027-06-01"));
    let yen = Money::new(1, "JPY".parse().unwrap());
    let absurd: Vec<(Terms, crate::Refusal)> = vec![
        (
            Terms {
                residents: vec![],
                ..good()
            },
            Refusal::NoResidents.into(),
        ),
        (
            Terms {
                residents: vec![ADA, BEN, ADA],
                ..good()
            },
            InputRefusal::ListedTwice {
                field: "residents",
                entry: ADA.to_string(),
            }
            .into(),
        ),
        (
            Terms {
                residents: (0..51).map(|n| ResidentId(Uuid::from_u128(n))).collect(),
                ..good()
            },
            InputRefusal::TooMany {
                field: "residents",
                count: 51,
                limit: 50,
            }
            .into(),
        ),
        (
            terms(span("2026-06-01", "2026-06-01")),
            Refusal::NoDays {
                term: span("2026-06-01", "2026-06-01"),
            }
            .into(),
        ),
        (
            terms(span("1826-06-01", "2026-06-01")),
            InputRefusal::DateOutOfRange {
                field: "term.from",
                date: day("1826-06-01"),
            }
            .into(),
        ),
        (
            terms(span("2026-06-01", "3026-06-01")),
            InputRefusal::DateOutOfRange {
                field: "term.to",
                date: day("3026-06-01"),
            }
            .into(),
        ),
        (
            Terms { due_day: 32, ..good() },
            InputRefusal::NumberOutOfRange {
                field: "due_day",
                number: 32,
                least: 1,
                most: 31,
            }
            .into(),
        ),
        (
            Terms {
                rent: usd(-1),
                ..good()
            },
            InputRefusal::Negative {
                field: "rent",
                amount: usd(-1),
            }
            .into(),
        ),
        (
            Terms { rent: yen, ..good() },
            MoneyError::Currency {
                expected: Currency::USD,
                given: yen.currency,
            }
            .into(),
        ),
        (
            Terms {
                rent_tax: Some(usd(100_001)),
                ..good()
            },
            AccountRefusal::TaxTooLarge {
                tax: usd(100_001),
                amount: usd(100_000),
            }
            .into(),
        ),
    ];
    for (terms, refusal) in absurd {
        on("2026-05-01", vec![]).when(drafted(terms)).then_expect_error(refusal);
    }
}

#[test]
fn what_lies_at_the_bounds_is_taken() {
    let at_bounds = Terms {
        residents: (0..50).map(|n| ResidentId(Uuid::from_u128(n))).collect(),
        term: Span::open(day("2026-06-01")),
        rent: usd(0),
        rent_tax: Some(usd(0)),
        due_day: 31,
    };
    on("2026-05-01", vec![])
        .when(drafted(at_bounds.clone()))
        .then_expect_events(vec![created(at_bounds)]);
}

#[test]
fn only_a_draft_is_amended_and_only_to_something_else() {
    let later = terms(span("2026-07-01", "2027-07-01"));
    let amend = |terms: &Terms| Command::Amend { terms: terms.clone() };
    on("2026-05-01", draft())
        .when(amend(&later))
        .then_expect_events(vec![Event::Amended { terms: later.clone() }]);
    on("2026-05-01", with(draft(), [Event::Amended { terms: later.clone() }]))
        .when(amend(&later))
        .then_expect_error(Refusal::Unchanged.into());
    on("2026-05-01", agreed())
        .when(amend(&later))
        .then_expect_error(Refusal::Agreed { status: Status::Signed }.into());
    on("2026-05-01", vec![])
        .when(amend(&later))
        .then_expect_error(Refusal::Absent.into());
    on("2026-05-01", draft())
        .when(amend(&Terms { due_day: 0, ..later }))
        .then_expect_error(
            InputRefusal::NumberOutOfRange {
                field: "due_day",
                number: 0,
                least: 1,
                most: 31,
            }
            .into(),
        );
}

#[test]
fn amending_keeps_what_recurs() {
    let later = terms(span("2026-07-01", "2027-07-01"));
    let amended = lease(with(
        draft(),
        [garage("2026-07-01"), Event::Amended { terms: later.clone() }],
    ));
    let contract = amended.contract().unwrap();
    assert_eq!(contract.recurring.len(), 1);
    assert_eq!(contract.term, later.term);
    assert_eq!(
        (contract.property, contract.unit, contract.status),
        (HOUSE, FLAT, Status::Draft)
    );
}

#[test]
fn a_draft_is_signed_once_and_not_ahead() {
    let sign = |on: &str| Command::Sign { on: day(on) };
    on("2026-05-01", draft())
        .when(sign("2026-05-01"))
        .then_expect_events(vec![signed()]);
    on("2026-05-01", agreed()).when(sign("2026-05-01")).then_expect_error(
        Refusal::Status {
            status: Status::Signed,
            needed: "a draft",
        }
        .into(),
    );
    on("2026-05-01", draft()).when(sign("2026-05-02")).then_expect_error(
        Refusal::InFuture {
            field: "on",
            date: day("2026-05-02"),
            today: day("2026-05-01"),
        }
        .into(),
    );
}

#[test]
fn what_is_not_in_force_yet_can_be_voided() {
    let void = |reason: &str| Command::Void { reason: reason.into() };
    let voided = || Event::Voided {
        reason: "found another".into(),
    };
    for history in [draft(), agreed()] {
        on("2026-05-02", history)
            .when(void("found another"))
            .then_expect_events(vec![voided()]);
    }
    for (history, status) in [
        (in_force(), Status::Active),
        (with(draft(), [voided()]), Status::Voided),
    ] {
        on("2026-06-02", history).when(void("found another")).then_expect_error(
            Refusal::Status {
                status,
                needed: "a draft or signed",
            }
            .into(),
        );
    }
    on("2026-05-02", draft())
        .when(void(" "))
        .then_expect_error(InputRefusal::TextMissing { field: "reason" }.into());
}

#[test]
fn a_deposit_is_added_once() {
    let deposit = DepositId(Uuid::from_u128(9));
    let add = || Command::AddDeposit { deposit };
    let added = || Event::DepositAdded { deposit };
    on("2026-05-02", agreed()).when(add()).then_expect_events(vec![added()]);
    on("2026-05-02", with(agreed(), [added()]))
        .when(add())
        .then_expect_error(Refusal::DepositKnown { deposit }.into());
    on("2026-05-02", draft()).when(add()).then_expect_error(
        Refusal::Status {
            status: Status::Draft,
            needed: "signed and not settled",
        }
        .into(),
    );
    assert_eq!(lease(with(agreed(), [added()])).deposits(), [deposit]);
}
