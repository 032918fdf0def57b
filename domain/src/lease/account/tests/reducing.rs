use super::*;

#[test]
fn a_waiver_takes_what_was_paid_back_from_the_newest_receipt_and_pays_other_charges_with_it() {
    let parking = to(FIRST, ChargeKind::Parking);
    let given = account([
        posted(FIRST, ChargeKind::Parking, (1_000, 100), june(1)),
        credited(CASH, 400, june(1)),
        credited(CHEQUE, 500, june(2)),
        applied(CASH, parking, (400, 40), june(1)),
        applied(CHEQUE, parking, (500, 50), june(2)),
        rent(SECOND, 700, june(3)),
    ]);
    let reason = || "goodwill".to_owned();
    let waive = |reduction, day| given.waive(FIRST, reduction, reason(), &Context::on(june(day)));
    assert_eq!(
        waive(Reduction::Part(usd(700)), 4),
        Ok(vec![
            unapplied(CHEQUE, parking, (500, 50), june(4)),
            unapplied(CASH, parking, (100, 10), june(4)),
            waived(FIRST, ChargeKind::Parking, (700, 70), june(4)),
            applied(CASH, to(SECOND, ChargeKind::Rent), (100, 0), june(4)),
            applied(CHEQUE, to(SECOND, ChargeKind::Rent), (500, 0), june(4)),
        ])
    );
    assert_eq!(
        waive(Reduction::Part(usd(100)), 4),
        Ok(vec![waived(FIRST, ChargeKind::Parking, (100, 10), june(4))]),
        "what is unpaid is waived without touching what is paid"
    );
    let whole = waive(Reduction::Whole, 4).unwrap();
    assert!(whole.contains(&waived(FIRST, ChargeKind::Parking, (1_000, 100), june(4))));
}

#[test]
fn a_waiver_leaves_alone_what_a_newer_receipt_paid_of_another_charge() {
    let (first, second) = (to(FIRST, ChargeKind::Rent), to(SECOND, ChargeKind::Rent));
    let given = account([
        rent(FIRST, 100, june(1)),
        rent(SECOND, 70, june(1)),
        credited(CASH, 100, june(1)),
        credited(CHEQUE, 70, june(2)),
        applied(CASH, first, (100, 0), june(1)),
        applied(CHEQUE, second, (70, 0), june(2)),
    ]);
    assert_eq!(
        given.waive(FIRST, Reduction::Whole, "goodwill".into(), &Context::on(june(4))),
        Ok(vec![
            unapplied(CASH, first, (100, 0), june(4)),
            waived(FIRST, ChargeKind::Rent, (100, 0), june(4)),
        ])
    );
}

#[test]
fn a_concession_reduces_what_is_owed() {
    let given = account([
        posted(FIRST, ChargeKind::Rent, (1_000, 100), june(1)),
        credited(CASH, 800, june(1)),
        applied(CASH, to(FIRST, ChargeKind::Rent), (800, 80), june(1)),
    ]);
    let facts = given.concede((GIFT, FIRST), usd(300), "first month".into(), &Context::on(june(2)));
    assert_eq!(
        facts,
        Ok(vec![
            unapplied(CASH, to(FIRST, ChargeKind::Rent), (100, 10), june(2)),
            LeaseEvent::ConcessionGranted {
                concession: GIFT,
                charge: FIRST,
                kind: ChargeKind::Rent,
                amount: usd(300),
                tax: Some(usd(30)),
                reason: "first month".into(),
                on: june(2),
            },
        ])
    );
}

#[test]
fn only_what_is_unpaid_is_written_off() {
    let given = account([
        posted(FIRST, ChargeKind::Rent, (1_000, 100), june(1)),
        credited(CASH, 800, june(1)),
        applied(CASH, to(FIRST, ChargeKind::Rent), (800, 80), june(1)),
    ]);
    let write_off = |reduction| given.write_off(FIRST, reduction, "moved abroad".into(), &Context::on(june(30)));
    let written_off = |amount, tax| LeaseEvent::ChargeWrittenOff {
        charge: FIRST,
        kind: ChargeKind::Rent,
        amount: usd(amount),
        tax: Some(usd(tax)),
        reason: "moved abroad".into(),
        on: june(30),
    };
    assert_eq!(write_off(Reduction::Whole), Ok(vec![written_off(200, 20)]));
    assert_eq!(write_off(Reduction::Part(usd(100))), Ok(vec![written_off(100, 10)]));
    let too_far = AccountRefusal::ReducedTooFar {
        charge: FIRST,
        asked: usd(201),
        most: usd(200),
    };
    assert_eq!(write_off(Reduction::Part(usd(201))), refused(too_far));
}

#[test]
fn balances_are_taken_over_once() {
    let open =
        |given: &Account, balance| given.open((FIRST, CASH), usd(balance), Some(june(1)), &Context::on(june(15)));
    let opened = |charge, credit| LeaseEvent::Opened {
        as_of: june(15),
        charge,
        credit,
    };
    let (amount, due_on) = (usd(50_000), june(1));
    let (charge, credit) = (FIRST, CASH);
    let nothing = Account::default();
    let owes = opened(Some(OpeningCharge { charge, amount, due_on }), None);
    assert_eq!(open(&nothing, 50_000), Ok(vec![owes.clone()]));
    let ahead = opened(None, Some(OpeningCredit { credit, amount }));
    assert_eq!(open(&nothing, -50_000), Ok(vec![ahead.clone()]));
    assert_eq!(open(&nothing, 0), Ok(vec![opened(None, None)]));

    let (owing, in_credit) = (account([owes.clone()]), account([ahead]));
    assert_eq!((owing.balance(), in_credit.balance()), (50_000, -50_000));
    assert_eq!(owing.charge(FIRST).unwrap().kind, ChargeKind::Opening);
    assert_eq!(in_credit.credit(CASH).unwrap().received_on, june(15));
    assert_eq!(in_credit.credit(CASH).unwrap().source, CreditSource::Opening);
    assert_eq!(open(&owing, 1), refused(AccountRefusal::Opened { as_of: june(15) }));

    let undated = nothing
        .open((FIRST, CASH), amount, None, &Context::on(june(15)))
        .unwrap();
    assert_eq!(account(undated).charge(FIRST).unwrap().due_on, june(15));
}

#[test]
fn a_charge_that_was_owed_before_is_paid_by_a_credit_that_is_taken_over() {
    let given = account([rent(SECOND, 100, june(1))]);
    let facts = given
        .open((FIRST, CASH), usd(-300), None, &Context::on(june(1)))
        .unwrap();
    assert_eq!(
        facts[1..],
        [applied(CASH, to(SECOND, ChargeKind::Rent), (100, 0), june(1))]
    );
}

#[test]
fn of_receipts_of_one_day_the_one_recorded_last_gives_back_first() {
    let target = to(FIRST, ChargeKind::Rent);
    let given = account([
        rent(FIRST, 100, june(1)),
        credited(CASH, 60, june(1)),
        credited(CHEQUE, 40, june(1)),
        applied(CASH, target, (60, 0), june(1)),
        applied(CHEQUE, target, (40, 0), june(1)),
    ]);
    let facts = given.waive(
        FIRST,
        Reduction::Part(usd(50)),
        "goodwill".into(),
        &Context::on(june(2)),
    );
    assert_eq!(
        facts,
        Ok(vec![
            unapplied(CHEQUE, target, (40, 0), june(2)),
            unapplied(CASH, target, (10, 0), june(2)),
            waived(FIRST, ChargeKind::Rent, (50, 0), june(2)),
        ])
    );
}

#[test]
fn a_balance_is_not_taken_over_with_an_absurd_date_or_amount() {
    let open = |balance, due_on| Account::default().open((FIRST, CASH), balance, Some(due_on), &Context::on(june(15)));
    let (field, date) = ("due_on", NaiveDate::MAX);
    assert_eq!(
        open(usd(1), date),
        refused(InputRefusal::DateOutOfRange { field, date })
    );
    let (field, amount) = ("balance", usd(Money::MAX_MINOR + 1));
    assert_eq!(open(amount, june(1)), refused(InputRefusal::TooLarge { field, amount }));
}
