//! How a tenancy ends, or doesn't.

use super::*;
use crate::deposit::{DepositEvent, DepositPurpose, DepositSource};

#[test]
fn a_term_rolls_over_unless_another_lease_follows() {
    let roll_over = |home: &Home| home.decide(|tenancy| roll_over_lease(tenancy, &on("2027-06-01")));
    let ends = day("2027-06-01");
    let rolled = || {
        facts(
            vec![LeaseEvent::RolledOver { from: ends }],
            vec![leased(LEASE, Span::open(day("2026-06-01")), false)],
        )
    };
    assert_eq!(roll_over(&Home::in_force()), Ok(rolled()));
    for follows in ["2027-06-01", "2027-09-01"] {
        let home = Home::in_force().beside(Span::open(day(follows)));
        assert_eq!(roll_over(&home), Err(LeaseRefusal::Successor { ends }.into()));
    }
    let earlier = Home::in_force().beside(span("2025-01-01", "2026-06-01"));
    assert_eq!(roll_over(&earlier), Ok(rolled()));
}

fn ended(home: &Home, today: &str, on: &str) -> TenancyFacts {
    let moved_out = ResidentEvent::MovedOut {
        lease: LEASE,
        on: day(on),
    };
    let context = Context::on(day(today));
    TenancyFacts {
        lease: home.lease.decide(LeaseCommand::End { on: day(on) }, &context).unwrap(),
        unit: vec![
            leased(LEASE, span("2026-06-01", on), true),
            UnitEvent::Vacated { lease: LEASE },
        ],
        residents: of_both(&moved_out),
    }
}

#[test]
fn a_term_that_is_over_is_concluded_one_way_or_the_other() {
    let conclude = |home: &Home, today: &str| home.decide(|tenancy| conclude_term(tenancy, &on(today)));
    let rolled = conclude(&Home::in_force(), "2027-06-01").unwrap();
    assert_eq!(
        rolled.lease,
        [LeaseEvent::RolledOver {
            from: day("2027-06-01")
        }]
    );
    let followed = Home::in_force().beside(Span::open(day("2027-06-01")));
    assert_eq!(
        conclude(&followed, "2027-06-01"),
        Ok(ended(&followed, "2027-06-01", "2027-06-01"))
    );
    let noticed = Home::in_force().on_notice("2026-09-01");
    assert_eq!(
        conclude(&noticed, "2026-09-01"),
        Ok(ended(&noticed, "2026-09-01", "2026-09-01"))
    );
    let not_over = |ends: &str| Err(LeaseRefusal::TermNotOver { ends: day(ends) }.into());
    assert_eq!(conclude(&noticed, "2026-08-31"), not_over("2026-09-01"));
    assert_eq!(conclude(&followed, "2027-05-31"), not_over("2027-06-01"));
    assert_eq!(conclude(&Home::in_force(), "2027-05-31"), not_over("2027-06-01"));
    assert!(conclude(&Home::signed(), "2027-06-01").is_err());
}

#[test]
fn notice_is_given_for_unit_and_residents() {
    let notice = |home: &Home, ends: &str| {
        home.decide(|tenancy| give_notice(tenancy, day("2026-06-10"), day(ends), &on("2026-06-10")))
    };
    let given = |ends: &str| LeaseEvent::NoticeGiven {
        given_on: day("2026-06-10"),
        ends: day(ends),
    };
    let expected = |ends: &str| TenancyFacts {
        lease: vec![given(ends)],
        unit: vec![leased(LEASE, span("2026-06-01", ends), true)],
        residents: of_both(&ResidentEvent::NoticeGiven {
            lease: LEASE,
            ends: day(ends),
        }),
    };
    assert_eq!(notice(&Home::in_force(), "2026-08-01"), Ok(expected("2026-08-01")));
    let successor = span("2027-06-01", "2028-06-01");
    let followed = Home::in_force().beside(successor);
    assert_eq!(notice(&followed, "2027-06-01"), Ok(expected("2027-06-01")));
    assert_eq!(notice(&followed, "2027-06-15"), Err(taken(successor)));
}

#[test]
fn ending_vacates_the_unit_and_moves_everybody_out() {
    let end = |home: &Home| home.decide(|tenancy| end_lease(tenancy, day("2026-06-20"), &on("2026-06-20")));
    let home = Home::in_force();
    assert_eq!(end(&home), Ok(ended(&home, "2026-06-20", "2026-06-20")));
    assert_eq!(ended(&home, "2026-06-20", "2026-06-20").lease.len(), 2);
    assert!(end(&Home::signed()).is_err());
}

#[test]
fn voiding_gives_the_days_back_if_there_were_any() {
    let void = |home: &Home| home.decide(|tenancy| void_lease(tenancy, "found another".into(), &on("2026-05-02")));
    let voided = || LeaseEvent::Voided {
        reason: "found another".into(),
    };
    assert_eq!(void(&Home::drafted()), Ok(facts(vec![voided()], vec![])));
    assert_eq!(
        void(&Home::signed()),
        Ok(facts(vec![voided()], vec![UnitEvent::Released { lease: LEASE }]))
    );
    assert!(void(&Home::in_force()).is_err());
}

#[test]
fn a_lease_settles_when_nothing_is_held_for_it() {
    let id = DepositId(Uuid::from_u128(7));
    let billed = DepositEvent::Billed {
        lease: LEASE,
        purpose: DepositPurpose::Security,
        limited: false,
        amount: usd(50_000),
        due_on: day("2026-06-01"),
    };
    let received = DepositEvent::Received {
        lease: LEASE,
        amount: usd(20_000),
        source: DepositSource::Opening,
        on: day("2026-06-01"),
        bank_account: None,
    };
    let unpaid = with(&Deposit::default(), &[billed]);
    let held = with(&unpaid, &[received]);
    let over = with(
        &signed(),
        &[activated("2026-06-01"), LeaseEvent::Ended { on: day("2026-07-01") }],
    );
    let settle = |lease: &Lease, deposits: &[(DepositId, &Deposit)]| settle_lease(lease, deposits, &on("2026-07-02"));
    assert_eq!(settle(&over, &[]), Ok(vec![LeaseEvent::Settled]));
    assert_eq!(settle(&over, &[(id, &unpaid)]), Ok(vec![LeaseEvent::Settled]));
    assert_eq!(
        settle(&over, &[(id, &held)]),
        Err(LeaseRefusal::DepositHeld {
            deposit: id,
            held: usd(20_000)
        }
        .into())
    );
    assert!(settle(&in_force(), &[]).is_err());
}
