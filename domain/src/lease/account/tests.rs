#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod laws;

use chrono::NaiveDate;
use uuid::Uuid;

use super::*;
use crate::{
    Refusal,
    context::Context,
    ids::{ConcessionId, DepositId, RecurringId},
    input::InputRefusal,
    lease::{ChargeKind, CreditSource, CreditTarget, LateFeePart, OpeningCharge, OpeningCredit, Withdrawal},
    money::Currency,
    settings::{AllocationClass, Settings},
};

const FIRST: ChargeId = ChargeId(Uuid::from_u128(1));
const SECOND: ChargeId = ChargeId(Uuid::from_u128(2));
const THIRD: ChargeId = ChargeId(Uuid::from_u128(3));
const CHEQUE: CreditId = CreditId(Uuid::from_u128(11));
const CASH: CreditId = CreditId(Uuid::from_u128(12));
const PETS: DepositId = DepositId(Uuid::from_u128(21));
const GIFT: ConcessionId = ConcessionId(Uuid::from_u128(31));

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn account(facts: impl IntoIterator<Item = LeaseEvent>) -> Account {
    let mut account = Account::default();
    for fact in facts {
        account.apply(&fact);
    }
    account
}

fn posted(charge: ChargeId, kind: ChargeKind, (amount, tax): (i64, i64), due_on: NaiveDate) -> LeaseEvent {
    LeaseEvent::ChargePosted {
        charge,
        kind,
        description: "June".into(),
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        due_on,
        period: None,
        recurring: None,
    }
}

fn rent(charge: ChargeId, amount: i64, due_on: NaiveDate) -> LeaseEvent {
    posted(charge, ChargeKind::Rent, (amount, 0), due_on)
}

fn credited(credit: CreditId, amount: i64, received_on: NaiveDate) -> LeaseEvent {
    LeaseEvent::Credited {
        credit,
        source: CreditSource::Payment,
        amount: usd(amount),
        received_on,
    }
}

fn to(charge: ChargeId, kind: ChargeKind) -> CreditTarget {
    CreditTarget::Charge { charge, kind }
}

fn applied(credit: CreditId, target: CreditTarget, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::CreditApplied {
        credit,
        target,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        on,
    }
}

fn unapplied(credit: CreditId, target: CreditTarget, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::CreditUnapplied {
        credit,
        target,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        on,
    }
}

fn waived(charge: ChargeId, kind: ChargeKind, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::ChargeWaived {
        charge,
        kind,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        reason: "goodwill".into(),
        on,
    }
}

fn new_charge(kind: ChargeKind, amount: i64, due_on: NaiveDate) -> NewCharge {
    NewCharge {
        charge: FIRST,
        kind,
        description: "June".into(),
        amount: usd(amount),
        tax: None,
        due_on,
        period: None,
        recurring: None,
    }
}

fn refused<T>(refusal: impl Into<Refusal>) -> Result<T, Refusal> {
    Err(refusal.into())
}

#[test]
fn a_charge_is_paid_the_day_it_is_due_from_the_oldest_receipt_first() {
    let given = account([credited(CHEQUE, 40_000, june(2)), credited(CASH, 30_000, june(1))]);
    let facts = given.post(new_charge(ChargeKind::Rent, 60_000, june(5)), &Context::on(june(5)));
    assert_eq!(
        facts,
        Ok(vec![
            rent(FIRST, 60_000, june(5)),
            applied(CASH, to(FIRST, ChargeKind::Rent), (30_000, 0), june(5)),
            applied(CHEQUE, to(FIRST, ChargeKind::Rent), (30_000, 0), june(5)),
        ])
    );
    let after = account(facts.unwrap());
    assert_eq!(after.owed(), 0);
}

#[test]
fn receipts_of_one_day_are_used_in_the_order_of_recording() {
    let given = account([credited(CHEQUE, 100, june(1)), credited(CASH, 100, june(1))]);
    let facts = given
        .post(new_charge(ChargeKind::Rent, 100, june(1)), &Context::sample())
        .unwrap();
    assert_eq!(
        facts[1..],
        [applied(CHEQUE, to(FIRST, ChargeKind::Rent), (100, 0), june(1))]
    );
}

#[test]
fn without_credit_a_charge_is_just_posted() {
    let facts = Account::default().post(new_charge(ChargeKind::Other, 5, june(1)), &Context::sample());
    assert_eq!(facts, Ok(vec![posted(FIRST, ChargeKind::Other, (5, 0), june(1))]));
}

/// What a policy pays first, whatever the order of recording.
#[test]
fn a_receipt_pays_by_policy_then_due_date_then_order_of_recording() {
    let id = |n: u128| ChargeId(Uuid::from_u128(n));
    let charges = [
        (1, ChargeKind::LateFee, 1),
        (2, ChargeKind::NsfFee, 1),
        (3, ChargeKind::Damage, 1),
        (4, ChargeKind::Other, 1),
        (5, ChargeKind::Utilities, 1),
        (6, ChargeKind::Opening, 1),
        (7, ChargeKind::Storage, 1),
        (8, ChargeKind::Pet, 1),
        (9, ChargeKind::Parking, 1),
        (10, ChargeKind::Rent, 2),
        (11, ChargeKind::Rent, 1),
    ];
    let mut facts: Vec<_> = charges
        .iter()
        .map(|(n, kind, day)| posted(id(*n), *kind, (1, 0), june(*day)))
        .collect();
    facts.push(credited(CASH, 11, june(1)));
    let paid_first = |policy: Vec<AllocationClass>| {
        let mut context = Context::sample();
        let mut settings = Settings::clone(&context.settings);
        settings.allocation = policy;
        context.settings = settings.into();
        let given = account(facts.clone());
        let mut entries = Entries::on(&given, &context);
        entries.pay_from_credits().unwrap();
        let order: Vec<u128> = entries
            .into_events()
            .iter()
            .map(|fact| match fact {
                LeaseEvent::CreditApplied { target, .. } => target.charge().unwrap().0.as_u128(),
                other => panic!("{other:?}"),
            })
            .collect();
        order
    };
    let usual = Context::sample().settings.allocation.clone();
    assert_eq!(paid_first(usual), [11, 10, 7, 8, 9, 6, 4, 5, 3, 2, 1]);
    assert_eq!(
        paid_first(vec![AllocationClass::LateFee]),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 10],
        "what the policy doesn't name comes last"
    );
}

#[test]
fn what_recurs_counts_as_recurring_whatever_it_is_for() {
    let mut facts = vec![posted(FIRST, ChargeKind::Utilities, (5, 0), june(1))];
    let class = |facts: &[LeaseEvent]| account(facts.to_vec()).charge(FIRST).map(Charge::class);
    assert_eq!(class(&facts), Some(AllocationClass::OtherCharge));
    if let LeaseEvent::ChargePosted { recurring, .. } = &mut facts[0] {
        *recurring = Some(RecurringId(Uuid::from_u128(9)));
    }
    assert_eq!(class(&facts), Some(AllocationClass::Recurring));
}

#[test]
fn the_tax_in_the_parts_of_a_charge_sums_to_its_tax() {
    // 10.00 with 1.00 of tax, paid in three parts of 3.33, 3.33 and 3.34.
    let mut given = account([posted(FIRST, ChargeKind::Parking, (1_000, 100), june(1))]);
    let context = Context::sample();
    let mut taxes = Vec::new();
    for (n, amount) in [(1, 333), (2, 333), (3, 334)] {
        let credit = CreditId(Uuid::from_u128(n));
        given.apply(&credited(credit, amount, june(1)));
        let mut entries = Entries::on(&given, &context);
        entries.pay_from_credits().unwrap();
        for fact in entries.into_events() {
            given.apply(&fact);
            if let LeaseEvent::CreditApplied { tax, .. } = fact {
                taxes.push(tax.map(|tax| tax.minor));
            }
        }
    }
    assert_eq!(taxes, [Some(33), Some(33), Some(34)]);
}

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
fn a_deposit_is_paid_with_what_is_free_and_from_the_day_it_is_decided() {
    let given = account([credited(CASH, 300, june(1))]);
    let context = Context::on(june(3));
    let mut entries = Entries::on(&given, &context);
    assert_eq!(entries.pay_deposit(CASH, PETS, usd(200)), Ok(usd(200)));
    assert_eq!(entries.pay_deposit(CASH, PETS, usd(200)), Ok(usd(100)));
    assert_eq!(entries.pay_deposit(CASH, PETS, usd(200)), Ok(usd(0)));
    let target = CreditTarget::Deposit { deposit: PETS };
    assert_eq!(entries.unapply_all(CASH), Ok(vec![(PETS, usd(300))]));
    entries.withdraw(CASH, usd(300), Withdrawal::Returned);
    assert_eq!(
        entries.into_events(),
        [
            applied(CASH, target, (200, 0), june(3)),
            applied(CASH, target, (100, 0), june(3)),
            unapplied(CASH, target, (100, 0), june(3)),
            unapplied(CASH, target, (200, 0), june(3)),
            LeaseEvent::CreditWithdrawn {
                credit: CASH,
                amount: usd(300),
                why: Withdrawal::Returned,
                on: june(3)
            },
        ]
    );
}

#[test]
fn what_a_bank_takes_back_beyond_what_is_free_leaves_the_credit_negative() {
    let withdrawn = |amount| LeaseEvent::CreditWithdrawn {
        credit: CASH,
        amount: usd(amount),
        why: Withdrawal::Returned,
        on: june(9),
    };
    let given = account([credited(CASH, 100, june(1)), withdrawn(30), withdrawn(100)]);
    assert_eq!((given.free(), given.balance()), (-30, 30));
    let facts = given
        .post(new_charge(ChargeKind::Rent, 50, june(10)), &Context::on(june(10)))
        .unwrap();
    assert_eq!(facts, [rent(FIRST, 50, june(10))], "a negative credit pays nothing");
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
fn a_late_fee_is_a_charge_due_the_day_it_is_for() {
    let (period, day, part) = (june(1), june(6), LateFeePart::Flat);
    let given = account([LeaseEvent::LateFeeAssessed {
        charge: FIRST,
        period,
        part,
        day,
        amount: usd(5_000),
    }]);
    let fee = given.charge(FIRST).unwrap();
    assert_eq!((fee.kind, fee.open, fee.due_on), (ChargeKind::LateFee, usd(5_000), day));
    assert_eq!(fee.late_fee, Some(LateFee { period, part, day }));
    assert_eq!(given.charges().count(), 1);
}

#[test]
fn what_cannot_be_booked_is_refused_with_the_reason() {
    let given = account([
        rent(FIRST, 100, june(1)),
        credited(CASH, 60, june(1)),
        applied(CASH, to(FIRST, ChargeKind::Rent), (60, 0), june(1)),
        rent(THIRD, 10, june(1)),
        waived(THIRD, ChargeKind::Rent, (10, 0), june(1)),
    ]);
    let context = Context::sample();
    let waive = |charge, reduction| given.waive(charge, reduction, "goodwill".into(), &context);
    let absent = AccountRefusal::ChargeAbsent { charge: SECOND };
    let nothing_left = AccountRefusal::NothingLeft { charge: THIRD };
    let too_far = AccountRefusal::ReducedTooFar {
        charge: FIRST,
        asked: usd(101),
        most: usd(100),
    };
    assert_eq!(waive(SECOND, Reduction::Whole), refused(absent.clone()));
    assert_eq!(waive(THIRD, Reduction::Whole), refused(nothing_left.clone()));
    assert_eq!(waive(FIRST, Reduction::Part(usd(101))), refused(too_far.clone()));
    let concede = |charge, amount| given.concede((GIFT, charge), usd(amount), "gift".into(), &context);
    assert_eq!(concede(SECOND, 1), refused(absent.clone()));
    assert_eq!(concede(FIRST, 101), refused(too_far));
    let write_off = |charge| given.write_off(charge, Reduction::Whole, "gone".into(), &context);
    assert_eq!(write_off(SECOND), refused(absent));
    assert_eq!(write_off(THIRD), refused(nothing_left));

    let missing = || InputRefusal::TextMissing { field: "reason" };
    assert_eq!(
        given.waive(FIRST, Reduction::Whole, " ".into(), &context),
        refused(missing())
    );
    assert_eq!(
        given.concede((GIFT, FIRST), usd(1), " ".into(), &context),
        refused(missing())
    );
    assert_eq!(
        given.write_off(FIRST, Reduction::Whole, " ".into(), &context),
        refused(missing())
    );
    let (field, amount) = ("amount", usd(0));
    assert_eq!(concede(FIRST, 0), refused(InputRefusal::NotPositive { field, amount }));

    let mut entries = Entries::on(&given, &context);
    let target = to(FIRST, ChargeKind::Rent);
    let no_credit = AccountRefusal::CreditAbsent { credit: CHEQUE };
    assert_eq!(entries.pay_charge(CHEQUE, FIRST, 1), refused(no_credit.clone()));
    assert_eq!(entries.pay_deposit(CHEQUE, PETS, usd(1)), refused(no_credit.clone()));
    assert_eq!(entries.unapply(CHEQUE, target, usd(1)), refused(no_credit.clone()));
    assert_eq!(entries.unapply_all(CHEQUE), refused(no_credit));
    let applied_less = |asked, applied| AccountRefusal::AppliedLess {
        credit: CASH,
        asked: usd(asked),
        applied: usd(applied),
    };
    let other = to(THIRD, ChargeKind::Rent);
    assert_eq!(entries.unapply(CASH, other, usd(1)), refused(applied_less(1, 0)));
    assert_eq!(entries.unapply(CASH, target, usd(61)), refused(applied_less(61, 60)));
    assert!(entries.into_events().is_empty());
}

#[test]
fn a_charge_that_cannot_be_recorded_is_not_posted() {
    let post = |change: fn(&mut NewCharge)| {
        let mut charge = new_charge(ChargeKind::Parking, 100, june(1));
        change(&mut charge);
        Account::default().post(charge, &Context::sample())
    };
    let yen = Money::new(100, "JPY".parse().unwrap());
    for kind in [ChargeKind::LateFee, ChargeKind::Opening] {
        let reserved = Account::default().post(new_charge(kind, 1, june(1)), &Context::sample());
        assert_eq!(reserved, refused(AccountRefusal::KindReserved));
    }
    let field = "description";
    assert_eq!(
        post(|new| new.description.clear()),
        refused(InputRefusal::TextMissing { field })
    );
    let (field, amount) = ("amount", usd(0));
    assert_eq!(
        post(|new| new.amount = usd(0)),
        refused(InputRefusal::NotPositive { field, amount })
    );
    let wrong_currency = Account::default().post(
        NewCharge {
            amount: yen,
            ..new_charge(ChargeKind::Parking, 100, june(1))
        },
        &Context::sample(),
    );
    assert_eq!(wrong_currency, refused(yen.must_be(Currency::USD).unwrap_err()));
    let date = NaiveDate::MAX;
    let field = "due_on";
    assert_eq!(
        post(|new| new.due_on = NaiveDate::MAX),
        refused(InputRefusal::DateOutOfRange { field, date })
    );
    let (tax, amount) = (usd(101), usd(100));
    assert_eq!(
        post(|new| new.tax = Some(usd(101))),
        refused(AccountRefusal::TaxTooLarge { tax, amount })
    );
    let (field, amount) = ("tax", usd(-1));
    assert_eq!(
        post(|new| new.tax = Some(usd(-1))),
        refused(InputRefusal::NotPositive { field, amount })
    );
    let untaxed = posted(FIRST, ChargeKind::Parking, (100, 0), june(1));
    assert_eq!(post(|new| new.tax = Some(usd(0))), Ok(vec![untaxed]));
    let all_tax = posted(FIRST, ChargeKind::Parking, (100, 100), june(1));
    assert_eq!(post(|new| new.tax = Some(usd(100))), Ok(vec![all_tax]));
}
