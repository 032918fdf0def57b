use super::*;

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
