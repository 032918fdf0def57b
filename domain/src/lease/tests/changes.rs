//! Other rents and other terms.

use super::{
    lifecycle::{month_to_month, needs, on_notice},
    *,
};

#[test]
fn the_rent_changes_for_days_that_are_not_charged() {
    let change = |minor, from: &str| Command::ChangeRent {
        rent: usd(minor),
        rent_tax: None,
        from: day(from),
    };
    let changed = |minor, from: &str| Event::RentChanged {
        rent: usd(minor),
        rent_tax: None,
        from: day(from),
    };
    let june_charged = || with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]);
    on("2026-06-05", june_charged())
        .when(change(110_000, "2026-07-01"))
        .then_expect_events(vec![changed(110_000, "2026-07-01")]);
    on("2026-06-05", june_charged())
        .when(change(110_000, "2026-06-30"))
        .then_expect_error(
            Refusal::DaysCharged {
                from: day("2026-06-30"),
                through: day("2026-07-01"),
            }
            .into(),
        );
    on("2026-06-05", june_charged())
        .when(change(100_000, "2026-07-01"))
        .then_expect_error(Refusal::RentUnchanged { rent: usd(100_000) }.into());
    on("2026-06-05", with(june_charged(), [changed(110_000, "2026-07-01")]))
        .when(change(110_000, "2026-08-01"))
        .then_expect_error(Refusal::RentUnchanged { rent: usd(110_000) }.into());
    on("2026-06-05", in_force())
        .when(change(110_000, "2027-06-01"))
        .then_expect_error(
            Refusal::OutsideTerm {
                field: "from",
                date: day("2027-06-01"),
                term: span("2026-06-01", "2027-06-01"),
            }
            .into(),
        );
    on("2026-06-05", draft())
        .when(change(110_000, "2026-07-01"))
        .then_expect_error(needs(Status::Draft, "signed or in force"));
    on("2026-05-05", agreed())
        .when(change(90_000, "2026-06-01"))
        .then_expect_events(vec![changed(90_000, "2026-06-01")]);
}

#[test]
fn a_rent_for_the_first_day_on_is_the_first_rent() {
    let changed = Event::RentChanged {
        rent: usd(90_000),
        rent_tax: None,
        from: day("2026-06-01"),
    };
    let lease = lease(with(agreed(), [changed]));
    let contract = lease.contract().unwrap();
    assert_eq!(contract.rent.amount, usd(90_000));
    assert_eq!(contract.rent_changes, []);
}

#[test]
fn a_tax_alone_changes_the_rent_too() {
    on("2026-06-05", in_force())
        .when(Command::ChangeRent {
            rent: usd(100_000),
            rent_tax: Some(usd(7_000)),
            from: day("2026-07-01"),
        })
        .then_expect_events(vec![Event::RentChanged {
            rent: usd(100_000),
            rent_tax: Some(usd(7_000)),
            from: day("2026-07-01"),
        }]);
    on("2026-06-05", in_force())
        .when(Command::ChangeRent {
            rent: usd(-1),
            rent_tax: None,
            from: day("2026-07-01"),
        })
        .then_expect_error(
            crate::input::InputRefusal::Negative {
                field: "rent",
                amount: usd(-1),
            }
            .into(),
        );
}

fn renewal(from: &str, to: Option<&str>, minor: i64) -> Renewal {
    Renewal {
        from: day(from),
        to: to.map(day),
        rent: usd(minor),
        rent_tax: None,
    }
}

pub(super) fn renewed(from: &str, to: Option<&str>, minor: i64) -> Event {
    Event::Renewed {
        from: day(from),
        to: to.map(day),
        rent: usd(minor),
        rent_tax: None,
    }
}

#[test]
fn a_lease_in_force_is_renewed() {
    let year = || renewal("2027-06-01", Some("2028-06-01"), 104_000);
    for history in [in_force(), on_notice("2027-06-01"), month_to_month()] {
        on("2027-04-01", history)
            .when(Command::Renew(year()))
            .then_expect_events(vec![renewed("2027-06-01", Some("2028-06-01"), 104_000)]);
    }
    on("2027-04-01", agreed())
        .when(Command::Renew(year()))
        .then_expect_error(needs(Status::Signed, "in force"));
    on("2027-04-01", in_force())
        .when(Command::Renew(renewal("2027-06-01", None, 104_000)))
        .then_expect_events(vec![
            renewed("2027-06-01", None, 104_000),
            Event::RolledOver {
                from: day("2027-06-01"),
            },
        ]);
    let after = lease(with(
        on_notice("2027-06-01"),
        [renewed("2027-06-01", Some("2028-06-01"), 104_000)],
    ));
    let contract = after.contract().unwrap();
    assert_eq!(
        (contract.status, contract.term),
        (Status::Active, span("2026-06-01", "2028-06-01"))
    );
    assert_eq!(contract.rent_on(day("2027-05-31")).amount, usd(100_000));
    assert_eq!(contract.rent_on(day("2027-06-01")).amount, usd(104_000));
}

#[test]
fn a_renewal_follows_on_and_goes_further() {
    let refused: Vec<(Renewal, Refusal)> = vec![
        (
            renewal("2027-06-02", Some("2028-06-01"), 104_000),
            Refusal::Gap {
                from: day("2027-06-02"),
                ends: day("2027-06-01"),
            },
        ),
        (
            renewal("2027-05-01", Some("2027-06-01"), 104_000),
            Refusal::TooEarly {
                field: "to",
                date: day("2027-06-01"),
                after: day("2027-06-01"),
            },
        ),
        (
            renewal("2026-06-01", Some("2028-06-01"), 104_000),
            Refusal::TooEarly {
                field: "from",
                date: day("2026-06-01"),
                after: day("2026-06-01"),
            },
        ),
    ];
    for (renewal, refusal) in refused {
        on("2027-04-01", in_force())
            .when(Command::Renew(renewal))
            .then_expect_error(refusal.into());
    }
    on("2027-08-01", month_to_month())
        .when(Command::Renew(renewal("2027-08-01", Some("2027-08-01"), 104_000)))
        .then_expect_error(
            Refusal::TooEarly {
                field: "to",
                date: day("2027-08-01"),
                after: day("2027-08-01"),
            }
            .into(),
        );
}

#[test]
fn a_renewal_may_begin_within_charged_days_only_at_the_same_rent() {
    let charged = || with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]);
    on("2026-06-10", charged())
        .when(Command::Renew(renewal("2026-06-15", Some("2028-01-01"), 90_000)))
        .then_expect_error(
            Refusal::DaysCharged {
                from: day("2026-06-15"),
                through: day("2026-07-01"),
            }
            .into(),
        );
    on("2026-06-10", charged())
        .when(Command::Renew(renewal("2026-06-15", Some("2028-01-01"), 100_000)))
        .then_expect_events(vec![renewed("2026-06-15", Some("2028-01-01"), 100_000)]);
}

#[test]
fn a_renewal_replaces_the_rents_agreed_for_its_days() {
    let change = |minor, from: &str| Event::RentChanged {
        rent: usd(minor),
        rent_tax: None,
        from: day(from),
    };
    let after = lease(with(
        in_force(),
        [
            change(105_000, "2026-12-01"),
            change(130_000, "2027-05-01"),
            change(110_000, "2027-02-01"),
            change(106_000, "2026-12-01"),
            renewed("2027-04-01", Some("2028-06-01"), 120_000),
        ],
    ));
    let contract = after.contract().unwrap();
    let on = |date: &str| contract.rent_on(day(date)).amount.minor;
    assert_eq!(
        ["2026-11-30", "2026-12-01", "2027-02-01", "2027-04-01", "2027-05-01"].map(on),
        [100_000, 106_000, 110_000, 120_000, 120_000]
    );
}
