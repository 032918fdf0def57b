//! The rows of the posting table for what happens on a lease, one by one.

use uuid::Uuid;

use super::{
    View::{Accrual, Both, Cash},
    *,
};
use crate::{
    ids::ConcessionId,
    lease::{
        ChargeKind, CreditSource, CreditTarget, LateFeePart, LeaseEvent, OpeningCharge, OpeningCredit, Withdrawal,
    },
    postings::Item,
};

fn charge(kind: ChargeKind, tax: Option<i64>) -> LeaseEvent {
    LeaseEvent::ChargePosted {
        charge: CHARGE,
        kind,
        description: "June".into(),
        amount: usd(10_800),
        tax: tax.map(usd),
        due_on: day(6, 1),
        period: None,
        recurring: None,
    }
}

fn on_lease(event: LeaseEvent) -> Vec<JournalEntry> {
    Desk::new().post(LEASE, day(6, 20), event)
}

#[test]
fn a_charge_is_income_of_its_kind_from_its_due_date() {
    for (kind, account) in [
        (ChargeKind::Rent, 4000),
        (ChargeKind::Parking, 4200),
        (ChargeKind::Pet, 4200),
        (ChargeKind::Storage, 4200),
        (ChargeKind::Utilities, 4200),
        (ChargeKind::Other, 4200),
        (ChargeKind::Damage, 4300),
        (ChargeKind::NsfFee, 4110),
        (ChargeKind::LateFee, 4100),
    ] {
        let entries = on_lease(charge(kind, None));
        let lines = vec![(1200, Accrual, 10_800), (account, Accrual, -10_800)];
        assert_eq!(only(&entries), (day(6, 1), lines));
        assert_eq!(entries[0].memo, "June");
        assert_eq!(entries[0].lines[0].item, Some(Item::Charge(CHARGE)));
        assert_eq!(entries[0].dimensions, HOME);
        assert_eq!(entries[0].reverses, None);
    }
}

#[test]
fn the_tax_in_a_charge_is_owed_to_the_authority() {
    let lines = vec![(1200, Accrual, 10_800), (4200, Accrual, -10_000), (2400, Accrual, -800)];
    assert_eq!(only(&on_lease(charge(ChargeKind::Parking, Some(800)))).1, lines);
}

#[test]
fn a_late_fee_is_income_on_its_day() {
    let fee = |part| LeaseEvent::LateFeeAssessed {
        charge: CHARGE,
        period: day(6, 1),
        part,
        day: day(6, 6),
        amount: usd(5_000),
    };
    let entries = on_lease(fee(LateFeePart::Flat));
    let lines = vec![(1200, Accrual, 5_000), (4100, Accrual, -5_000)];
    assert_eq!(only(&entries), (day(6, 6), lines));
    assert_eq!(entries[0].memo, "Late fee, due 2026-06-01");
    let daily = on_lease(fee(LateFeePart::Daily));
    assert_eq!(daily[0].memo, "Late fee, due 2026-06-01, for 2026-06-06");
}

#[test]
fn a_waiver_takes_its_share_of_income_and_tax_as_an_entry_of_its_own() {
    let entries = on_lease(LeaseEvent::ChargeWaived {
        charge: CHARGE,
        kind: ChargeKind::Parking,
        amount: usd(5_400),
        tax: Some(usd(400)),
        reason: "goodwill".into(),
        on: day(6, 9),
    });
    let lines = vec![(1200, Accrual, -5_400), (4200, Accrual, 5_000), (2400, Accrual, 400)];
    assert_eq!(only(&entries), (day(6, 9), lines));
    assert_eq!(entries[0].reverses, None);
    assert_eq!(entries[0].memo, "Waived: goodwill");
}

#[test]
fn a_concession_stands_on_its_own_account() {
    let entries = on_lease(LeaseEvent::ConcessionGranted {
        concession: ConcessionId(Uuid::from_u128(9)),
        charge: CHARGE,
        kind: ChargeKind::Rent,
        amount: usd(10_000),
        tax: None,
        reason: "first month".into(),
        on: day(6, 9),
    });
    let lines = vec![(4050, Accrual, 10_000), (1200, Accrual, -10_000)];
    assert_eq!(only(&entries), (day(6, 9), lines));
    assert_eq!(entries[0].memo, "Concession: first month");
}

#[test]
fn a_write_off_is_a_bad_debt_but_for_its_tax() {
    let entries = on_lease(LeaseEvent::ChargeWrittenOff {
        charge: CHARGE,
        kind: ChargeKind::Parking,
        amount: usd(10_800),
        tax: Some(usd(800)),
        reason: "gone".into(),
        on: day(6, 9),
    });
    let lines = vec![(5900, Accrual, 10_000), (2400, Accrual, 800), (1200, Accrual, -10_800)];
    assert_eq!(only(&entries), (day(6, 9), lines));
    assert_eq!(entries[0].memo, "Written off: gone");
}

#[test]
fn a_credit_applied_is_income_of_the_cash_view_with_its_share_of_the_tax() {
    let apply = |kind| {
        on_lease(LeaseEvent::CreditApplied {
            credit: CREDIT,
            target: CreditTarget::Charge { charge: CHARGE, kind },
            amount: usd(5_400),
            tax: Some(usd(400)),
            on: day(6, 3),
        })
    };
    let lines = |income| {
        vec![
            (2200, Both, 5_400),
            (1200, Accrual, -5_400),
            (income, Cash, -5_000),
            (2400, Cash, -400),
        ]
    };
    for (kind, account) in [
        (ChargeKind::Rent, 4000),
        (ChargeKind::Opening, 4000),
        (ChargeKind::Parking, 4200),
        (ChargeKind::Damage, 4300),
        (ChargeKind::NsfFee, 4110),
        (ChargeKind::LateFee, 4100),
    ] {
        assert_eq!(only(&apply(kind)), (day(6, 3), lines(account)), "{kind:?}");
    }
}

#[test]
fn a_credit_applied_to_a_deposit_is_posted_by_the_deposits_own_event() {
    let target = CreditTarget::Deposit { deposit: DEPOSIT };
    let (credit, amount, on) = (CREDIT, usd(5_400), day(6, 3));
    let applied = LeaseEvent::CreditApplied {
        credit,
        target,
        amount,
        tax: None,
        on,
    };
    let unapplied = LeaseEvent::CreditUnapplied {
        credit,
        target,
        amount,
        tax: None,
        on,
    };
    assert_eq!(on_lease(applied), []);
    assert_eq!(on_lease(unapplied), []);
}

#[test]
fn balances_taken_over_stand_against_the_opening() {
    let opened = |charge: Option<i64>, credit: Option<i64>| {
        on_lease(LeaseEvent::Opened {
            as_of: day(5, 31),
            charge: charge.map(|amount| OpeningCharge {
                charge: CHARGE,
                amount: usd(amount),
                due_on: day(4, 1),
            }),
            credit: credit.map(|amount| OpeningCredit {
                credit: CREDIT,
                amount: usd(amount),
            }),
        })
    };
    let owed = vec![(1200, Accrual, 300), (3800, Accrual, -300)];
    let in_credit = vec![(1000, Both, 200), (2200, Both, -200)];
    assert_eq!(only(&opened(Some(300), None)), (day(5, 31), owed.clone()));
    assert_eq!(only(&opened(None, Some(200))), (day(5, 31), in_credit.clone()));
    let both = opened(Some(300), Some(200));
    assert_eq!([on_paper(&both[0]), on_paper(&both[1])], [owed, in_credit]);
    assert_eq!(opened(None, None), []);
}

#[test]
fn what_the_payments_own_event_posts_is_not_posted_twice() {
    let (credit, amount, on) = (CREDIT, usd(100), day(6, 1));
    let credited = LeaseEvent::Credited {
        credit,
        source: CreditSource::Payment,
        amount,
        received_on: on,
    };
    let why = Withdrawal::Refunded;
    assert_eq!(on_lease(credited), []);
    assert_eq!(
        on_lease(LeaseEvent::CreditWithdrawn {
            credit,
            amount,
            why,
            on
        }),
        []
    );
}
