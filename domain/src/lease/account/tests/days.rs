use super::*;

#[test]
fn a_waiver_counts_neither_before_the_charge_was_due_nor_before_it_was_reopened() {
    let given = account([rent(FIRST, 100, june(10))]);
    let waive = |given: &Account| given.waive(FIRST, Reduction::Whole, "goodwill".into(), &Context::on(june(4)));
    assert_eq!(
        waive(&given),
        Ok(vec![waived(FIRST, ChargeKind::Rent, (100, 0), june(10))])
    );
    let reopened = account([
        rent(FIRST, 100, june(1)),
        credited(CASH, 100, june(1)),
        applied(CASH, to(FIRST, ChargeKind::Rent), (100, 0), june(1)),
        unapplied(CASH, to(FIRST, ChargeKind::Rent), (100, 0), june(8)),
    ]);
    let facts = waive(&reopened).unwrap();
    assert_eq!(facts, [waived(FIRST, ChargeKind::Rent, (100, 0), june(8))]);
    let partly_paid = account([
        rent(FIRST, 100, june(1)),
        credited(CASH, 40, june(9)),
        applied(CASH, to(FIRST, ChargeKind::Rent), (40, 0), june(9)),
    ]);
    assert_eq!(
        partly_paid.waive(
            FIRST,
            Reduction::Part(usd(60)),
            "goodwill".into(),
            &Context::on(june(4))
        ),
        Ok(vec![waived(FIRST, ChargeKind::Rent, (60, 0), june(4))])
    );
}

#[test]
fn a_payment_counts_from_the_day_of_the_receipt_the_due_date_or_when_there_was_room_for_it() {
    let target = to(FIRST, ChargeKind::Rent);
    let pay = |facts: Vec<LeaseEvent>, credit| {
        let given = account(facts);
        let context = Context::on(june(20));
        let mut entries = Entries::on(&given, &context);
        entries.pay_charge(credit, FIRST, i64::MAX).unwrap();
        match &entries.into_events()[..] {
            [LeaseEvent::CreditApplied { on, .. }] => *on,
            other => panic!("{other:?}"),
        }
    };
    let late = vec![rent(FIRST, 100, june(1)), credited(CASH, 100, june(9))];
    assert_eq!(pay(late, CASH), june(9));
    let early = vec![credited(CASH, 100, june(1)), rent(FIRST, 100, june(9))];
    assert_eq!(pay(early, CASH), june(9));
    let reopened = vec![
        rent(FIRST, 100, june(1)),
        credited(CHEQUE, 100, june(1)),
        applied(CHEQUE, target, (100, 0), june(1)),
        unapplied(CHEQUE, target, (100, 0), june(8)),
        credited(CASH, 100, june(4)),
    ];
    assert_eq!(pay(reopened, CASH), june(8));
    let freed = vec![
        rent(SECOND, 100, june(1)),
        credited(CHEQUE, 100, june(1)),
        applied(CHEQUE, to(SECOND, ChargeKind::Rent), (100, 0), june(1)),
        unapplied(CHEQUE, to(SECOND, ChargeKind::Rent), (100, 0), june(8)),
        rent(FIRST, 100, june(3)),
    ];
    assert_eq!(pay(freed, CHEQUE), june(8));
}

#[test]
fn an_application_that_is_taken_back_is_dated_no_earlier_than_it_was_made() {
    let target = to(FIRST, ChargeKind::Rent);
    let given = account([
        rent(FIRST, 100, june(9)),
        credited(CASH, 100, june(1)),
        applied(CASH, target, (100, 0), june(9)),
    ]);
    let context = Context::on(june(5));
    let mut entries = Entries::on(&given, &context);
    entries.unapply(CASH, target, usd(40)).unwrap();
    assert_eq!(entries.into_events(), [unapplied(CASH, target, (40, 0), june(9))]);
}

#[test]
fn a_charge_is_unpaid_from_its_due_date_or_from_when_it_was_reopened() {
    let target = to(FIRST, ChargeKind::Rent);
    let given = account([
        rent(FIRST, 100, june(3)),
        credited(CASH, 60, june(5)),
        applied(CASH, target, (60, 0), june(5)),
        waived(FIRST, ChargeKind::Rent, (40, 0), june(7)),
        unapplied(CASH, target, (60, 0), june(9)),
    ]);
    let charge = given.charge(FIRST).unwrap();
    let unpaid: Vec<_> = (2..=9).map(|day| charge.unpaid_at_end_of(june(day))).collect();
    assert_eq!(unpaid, [0, 100, 100, 40, 40, 0, 0, 60]);
    let since: Vec<_> = [2, 3, 6, 7, 8, 9, 10].map(|day| charge.unpaid_since(june(day))).into();
    let (due, reopened) = (Some(june(3)), Some(june(9)));
    assert_eq!(since, [None, due, due, None, None, reopened, reopened]);
}

#[test]
fn the_part_that_counts_from_the_latest_day_is_taken_back_first() {
    let target = to(FIRST, ChargeKind::Rent);
    let given = account([
        rent(FIRST, 200, june(1)),
        credited(CASH, 200, june(1)),
        applied(CASH, target, (60, 0), june(9)),
        applied(CASH, target, (100, 0), june(3)),
        applied(CASH, target, (40, 0), june(3)),
    ]);
    let context = Context::on(june(1));
    let mut entries = Entries::on(&given, &context);
    entries.unapply(CASH, target, usd(110)).unwrap();
    entries.unapply(CASH, target, usd(90)).unwrap();
    assert_eq!(
        entries.into_events(),
        [
            unapplied(CASH, target, (60, 0), june(9)),
            unapplied(CASH, target, (40, 0), june(3)),
            unapplied(CASH, target, (10, 0), june(3)),
            unapplied(CASH, target, (90, 0), june(3)),
        ]
    );
}

#[test]
fn a_credit_is_usable_from_the_last_day_on_which_any_of_it_was_freed() {
    let target = to(FIRST, ChargeKind::Rent);
    let given = account([
        rent(FIRST, 100, june(1)),
        credited(CASH, 100, june(1)),
        applied(CASH, target, (100, 0), june(1)),
        unapplied(CASH, target, (30, 0), june(8)),
        unapplied(CASH, target, (20, 0), june(5)),
    ]);
    assert_eq!(given.credit(CASH).unwrap().usable_from(), june(8));
}
