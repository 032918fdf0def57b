use super::{changes::renewed, *};

pub(super) fn needs(status: Status, needed: &'static str) -> crate::Refusal {
    Refusal::Status { status, needed }.into()
}

pub(super) fn month_to_month() -> Vec<Event> {
    with(
        in_force(),
        [Event::RolledOver {
            from: day("2027-06-01"),
        }],
    )
}

pub(super) fn on_notice(ends: &str) -> Vec<Event> {
    let given_on = day("2026-06-01");
    with(
        in_force(),
        [Event::NoticeGiven {
            given_on,
            ends: day(ends),
        }],
    )
}

fn ended(on: &str) -> Vec<Event> {
    with(in_force(), [Event::Ended { on: day(on) }])
}

#[test]
fn a_signed_lease_comes_into_force_and_charges_what_is_due() {
    let activate = |on: &str| Command::Activate { on: day(on) };
    let first = || posted("2026-06-01", 0, 100_000, "2026-06-01", "2026-07-01");
    on("2026-06-01", agreed())
        .when(activate("2026-06-01"))
        .then_expect_events(vec![activated("2026-06-01"), first()]);
    for (history, status) in [(draft(), Status::Draft), (in_force(), Status::Active)] {
        on("2026-06-01", history)
            .when(activate("2026-06-01"))
            .then_expect_error(needs(status, "signed and not yet in force"));
    }
    on("2026-06-01", agreed())
        .when(activate("2026-05-31"))
        .then_expect_error(
            Refusal::OutsideTerm {
                field: "on",
                date: day("2026-05-31"),
                term: span("2026-06-01", "2027-06-01"),
            }
            .into(),
        );
    on("2026-06-01", agreed())
        .when(activate("2026-06-02"))
        .then_expect_error(
            Refusal::InFuture {
                field: "on",
                date: day("2026-06-02"),
                today: day("2026-06-01"),
            }
            .into(),
        );
}

#[test]
fn a_lease_activated_late_posts_its_missed_charges_at_their_own_dates() {
    let today = "2026-08-10";
    on(today, agreed())
        .when(Command::Activate { on: day("2026-06-03") })
        .then_expect_events(vec![
            Event::Activated {
                on: day("2026-06-03"),
                charged_from: day("2026-06-01"),
            },
            posted(today, 0, 100_000, "2026-06-01", "2026-07-01"),
            posted(today, 1, 100_000, "2026-07-01", "2026-08-01"),
            posted(today, 2, 100_000, "2026-08-01", "2026-09-01"),
        ]);
}

#[test]
fn a_lease_without_an_end_runs_from_month_to_month_at_once() {
    let open = vec![created(terms(Span::open(day("2026-06-20")))), signed()];
    on("2026-06-20", open)
        .when(Command::Activate { on: day("2026-06-20") })
        .then_expect_events(vec![
            activated("2026-06-20"),
            Event::RolledOver {
                from: day("2026-06-20"),
            },
            posted("2026-06-20", 0, 36_667, "2026-06-20", "2026-07-01"),
        ]);
}

#[test]
fn where_the_move_in_day_is_free_the_next_is_the_first_charged() {
    let mid_month = || vec![created(terms(span("2026-06-20", "2027-06-01"))), signed()];
    let free = || {
        under(day("2026-06-25"), |settings| {
            settings.proration.move_in_day_counts = false;
        })
    };
    TestFramework::<Lease>::with(free())
        .given(mid_month())
        .when(Command::Activate { on: day("2026-06-20") })
        .then_expect_events(vec![
            Event::Activated {
                on: day("2026-06-20"),
                charged_from: day("2026-06-21"),
            },
            posted("2026-06-25", 0, 33_333, "2026-06-21", "2026-07-01"),
        ]);
    TestFramework::<Lease>::with(free())
        .given(agreed())
        .when(Command::Activate { on: day("2026-06-01") })
        .then_expect_events(vec![
            activated("2026-06-01"),
            posted("2026-06-25", 0, 100_000, "2026-06-01", "2026-07-01"),
        ]);
}

#[test]
fn a_term_that_is_over_rolls_over() {
    let rolled = || Event::RolledOver {
        from: day("2027-06-01"),
    };
    for today in ["2027-06-01", "2027-07-15"] {
        on(today, in_force())
            .when(Command::RollOver)
            .then_expect_events(vec![rolled()]);
    }
    on("2027-05-31", in_force()).when(Command::RollOver).then_expect_error(
        Refusal::TermNotOver {
            ends: day("2027-06-01"),
        }
        .into(),
    );
    on("2027-06-01", on_notice("2027-06-01"))
        .when(Command::RollOver)
        .then_expect_error(needs(Status::OnNotice, "active, for a term"));
    let after = lease(month_to_month());
    let contract = after.contract().unwrap();
    assert_eq!(
        (contract.status, contract.term),
        (Status::MonthToMonth, Span::open(day("2026-06-01")))
    );
}

#[test]
fn notice_names_the_end() {
    let notice = |given_on: &str, ends: &str| Command::GiveNotice {
        given_on: day(given_on),
        ends: day(ends),
    };
    let given = |given_on: &str, ends: &str| Event::NoticeGiven {
        given_on: day(given_on),
        ends: day(ends),
    };
    for history in [in_force(), month_to_month(), on_notice("2026-09-01")] {
        on("2026-07-02", history)
            .when(notice("2026-07-01", "2026-08-01"))
            .then_expect_events(vec![given("2026-07-01", "2026-08-01")]);
    }
    on("2026-07-02", on_notice("2026-08-01"))
        .when(notice("2026-07-01", "2026-08-01"))
        .then_expect_error(
            Refusal::NoticeGiven {
                ends: day("2026-08-01"),
            }
            .into(),
        );
    on("2026-07-02", in_force())
        .when(notice("2026-07-03", "2026-08-01"))
        .then_expect_error(
            Refusal::InFuture {
                field: "given_on",
                date: day("2026-07-03"),
                today: day("2026-07-02"),
            }
            .into(),
        );
    for (given_on, ends, after) in [
        ("2026-07-01", "2026-07-01", "2026-07-01"),
        ("2026-05-01", "2026-06-01", "2026-06-01"),
    ] {
        on("2026-07-02", in_force())
            .when(notice(given_on, ends))
            .then_expect_error(
                Refusal::TooEarly {
                    field: "ends",
                    date: day(ends),
                    after: day(after),
                }
                .into(),
            );
    }
    on("2026-07-02", ended("2026-07-01"))
        .when(notice("2026-07-01", "2026-08-01"))
        .then_expect_error(needs(Status::Ended, "in force"));
}

#[test]
fn notice_for_the_end_of_the_term_is_still_notice() {
    on("2026-07-02", in_force())
        .when(Command::GiveNotice {
            given_on: day("2026-07-02"),
            ends: day("2027-06-01"),
        })
        .then_expect_events(vec![Event::NoticeGiven {
            given_on: day("2026-07-02"),
            ends: day("2027-06-01"),
        }]);
}

#[test]
fn an_end_is_announced_once_within_the_days_of_the_policy() {
    let expiring = |ends: &str| Event::Expiring { ends: day(ends) };
    let not_yet = Refusal::NotExpiring {
        ends: day("2027-06-01"),
        announced_from: day("2027-04-02"),
    };
    for (today, refused) in [
        ("2027-04-01", true),
        ("2027-04-02", false),
        ("2027-05-31", false),
        ("2027-06-01", true),
    ] {
        let settings = Context::sample().settings;
        assert_eq!(
            lease(in_force()).is_expiring(day(today), &settings),
            !refused,
            "{today}"
        );
        let asked = on(today, in_force()).when(Command::AnnounceExpiry);
        if refused {
            asked.then_expect_error(not_yet.clone().into());
        } else {
            asked.then_expect_events(vec![expiring("2027-06-01")]);
        }
    }
    let announced = with(in_force(), [expiring("2027-06-01")]);
    assert!(!lease(announced.clone()).is_expiring(day("2027-05-01"), &Context::sample().settings));
    on("2027-05-01", announced.clone())
        .when(Command::AnnounceExpiry)
        .then_expect_error(
            Refusal::ExpiryAnnounced {
                ends: day("2027-06-01"),
            }
            .into(),
        );
    on(
        "2028-05-01",
        with(announced, [renewed("2027-06-01", Some("2028-06-01"), 104_000)]),
    )
    .when(Command::AnnounceExpiry)
    .then_expect_events(vec![expiring("2028-06-01")]);
    for (history, status) in [
        (month_to_month(), Status::MonthToMonth),
        (on_notice("2027-06-01"), Status::OnNotice),
    ] {
        assert!(!lease(history.clone()).is_expiring(day("2027-05-01"), &Context::sample().settings));
        on("2027-05-01", history)
            .when(Command::AnnounceExpiry)
            .then_expect_error(needs(status, "active, for a term"));
    }
}

#[test]
fn a_lease_in_force_ends() {
    let end = |on: &str| Command::End { on: day(on) };
    let june = || rent(0, 100_000, "2026-06-01", "2026-07-01");
    on("2026-06-30", with(in_force(), [june()]))
        .when(end("2026-07-01"))
        .then_expect_events(vec![Event::Ended { on: day("2026-07-01") }]);
    on("2026-06-29", with(in_force(), [june()]))
        .when(end("2026-07-01"))
        .then_expect_error(
            Refusal::InFuture {
                field: "on",
                date: day("2026-07-01"),
                today: day("2026-06-30"),
            }
            .into(),
        );
    on("2026-06-30", in_force()).when(end("2026-06-01")).then_expect_error(
        Refusal::TooEarly {
            field: "on",
            date: day("2026-06-01"),
            after: day("2026-06-01"),
        }
        .into(),
    );
    on("2026-06-30", agreed())
        .when(end("2026-06-30"))
        .then_expect_error(needs(Status::Signed, "in force"));
}

#[test]
fn what_was_missed_is_charged_when_it_ends_and_no_day_more() {
    let today = "2026-08-20";
    on(today, with(in_force(), [rent(0, 100_000, "2026-06-01", "2026-07-01")]))
        .when(Command::End { on: day("2026-08-11") })
        .then_expect_events(vec![
            posted(today, 0, 100_000, "2026-07-01", "2026-08-01"),
            posted(today, 1, 32_258, "2026-08-01", "2026-08-11"),
            Event::Ended { on: day("2026-08-11") },
        ]);
}

#[test]
fn only_a_lease_that_ended_at_balance_zero_is_settled() {
    let settle = || Command::Settle;
    on("2026-07-02", ended("2026-07-01"))
        .when(settle())
        .then_expect_events(vec![Event::Settled]);
    on(
        "2026-07-02",
        with(ended("2026-07-01"), [rent(0, 1, "2026-06-01", "2026-07-01")]),
    )
    .when(settle())
    .then_expect_error(Refusal::BalanceOpen { balance: usd(1) }.into());
    on("2026-07-02", in_force())
        .when(settle())
        .then_expect_error(needs(Status::Active, "ended"));
    on("2026-07-02", with(ended("2026-07-01"), [Event::Settled]))
        .when(settle())
        .then_expect_error(needs(Status::Settled, "ended"));
}

#[test]
fn refusals_name_the_status_of_a_lease_in_words() {
    let never = Event::Voided {
        reason: "found another flat".into(),
    };
    for (history, words) in [
        (draft(), "a draft"),
        (agreed(), "signed"),
        (in_force(), "active"),
        (month_to_month(), "from month to month"),
        (on_notice("2026-09-01"), "on notice"),
        (ended("2026-07-01"), "ended"),
        (with(ended("2026-07-01"), [Event::Settled]), "settled"),
        (with(draft(), [never]), "voided"),
    ] {
        let status = lease(history).contract().unwrap().status;
        assert_eq!(
            needs(status, "in another").to_string(),
            format!("the lease is {words}; it would have to be in another")
        );
    }
}
