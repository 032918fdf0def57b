use super::*;

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
        paid_first(vec![AllocationClass::Recurring]),
        [7, 8, 9, 1, 2, 3, 4, 5, 6, 11, 10],
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
fn of_1700_received_1554_pay_rent_and_taxed_parking_and_146_are_left() {
    let given = account([
        rent(FIRST, 150_000, june(1)),
        posted(SECOND, ChargeKind::Parking, (5_400, 400), june(1)),
        credited(CHEQUE, 170_000, june(3)),
    ]);
    let context = Context::on(june(3));
    let mut entries = Entries::on(&given, &context);
    entries.pay_from_credits().unwrap();
    assert_eq!((entries.account().owed(), entries.account().free()), (0, 14_600));
    assert_eq!(
        entries.into_events(),
        [
            applied(CHEQUE, to(FIRST, ChargeKind::Rent), (150_000, 0), june(3)),
            applied(CHEQUE, to(SECOND, ChargeKind::Parking), (5_400, 400), june(3)),
        ]
    );
}
