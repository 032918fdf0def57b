use super::*;

#[test]
fn an_intent_is_kept_with_its_reference_trimmed() {
    let designations = vec![
        Designation::Charge {
            charge: RENT,
            amount: usd(600),
        },
        Designation::Deposit {
            deposit: KEYS,
            amount: usd(400),
        },
    ];
    let meant = Intent {
        reference: Some(" 1001 ".into()),
        designations,
        ..intent()
    };
    let kept = Intent {
        reference: Some("1001".into()),
        ..meant.clone()
    };
    given(vec![])
        .when(Command::Initiate(meant))
        .then_expect_events(vec![initiated_by(kept)]);
}

#[test]
fn a_part_of_a_payment_is_meant_for_a_deposit_or_for_none() {
    let amount = usd(400);
    let for_keys = Designation::Deposit { deposit: KEYS, amount };
    assert_eq!(for_keys.deposit(), Some(KEYS));
    assert_eq!(Designation::Charge { charge: RENT, amount }.deposit(), None);
}

#[test]
fn an_intent_that_cannot_be_recorded_is_refused() {
    let refused = |change: fn(&mut Intent), refusal: crate::Refusal| {
        let mut intent = intent();
        change(&mut intent);
        given(vec![]).when(Command::Initiate(intent)).then_expect_error(refusal);
    };
    let not_positive = |field, amount| InputRefusal::NotPositive { field, amount }.into();
    refused(|intent| intent.amount = usd(0), not_positive("amount", usd(0)));
    let none_of_it = |intent: &mut Intent| {
        let amount = usd(0);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }];
    };
    refused(none_of_it, not_positive("designations", usd(0)));
    let more_than_it = |intent: &mut Intent| {
        let amount = usd(501);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }; 2];
    };
    let (designated, amount) = (usd(1_002), usd(1_000));
    refused(more_than_it, Refusal::DesignatesTooMuch { designated, amount }.into());
    let too_many = |intent: &mut Intent| {
        let amount = usd(1);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }; 101];
    };
    let (field, count, limit) = ("designations", 101, 100);
    refused(too_many, InputRefusal::TooMany { field, count, limit }.into());
    let field = "reference";
    refused(
        |intent| intent.reference = Some(" ".into()),
        InputRefusal::TextMissing { field }.into(),
    );
}

#[test]
fn all_of_it_may_be_designated() {
    let amount = usd(500);
    let intent = Intent {
        designations: vec![Designation::Charge { charge: RENT, amount }; 2],
        ..intent()
    };
    given(vec![])
        .when(Command::Initiate(intent.clone()))
        .then_expect_events(vec![initiated_by(intent)]);
}

#[test]
fn money_is_received_on_the_day_the_command_is_effective_on() {
    given_on(vec![initiated()], 4)
        .when(complete())
        .then_expect_events(vec![completed(4)]);
    let mut early = Context::on(june(4));
    early.occurred_at = Context::on(june(3)).occurred_at;
    TestFramework::<Payment>::with(early)
        .given(vec![initiated()])
        .when(complete())
        .then_expect_error(
            Refusal::DatedAhead {
                on: june(4),
                today: june(3),
            }
            .into(),
        );
    let absurd = NaiveDate::from_ymd_opt(1899, 12, 31).unwrap();
    TestFramework::<Payment>::with(Context::on(absurd))
        .given(vec![initiated()])
        .when(complete())
        .then_expect_error(
            InputRefusal::DateOutOfRange {
                field: "received_on",
                date: absurd,
            }
            .into(),
        );
}

#[test]
fn a_reference_may_become_known_when_the_money_comes_and_not_change() {
    let known = Command::Complete {
        reference: Some(" 1001 ".into()),
    };
    let mut received = completed(20);
    if let Event::Completed { reference, .. } = &mut received {
        *reference = Some("1001".into());
    }
    given(vec![initiated()])
        .when(known.clone())
        .then_expect_events(vec![received.clone()]);
    let payment = Payment::default().after(&[initiated(), received]);
    assert_eq!(payment.intent().unwrap().reference.as_deref(), Some("1001"));

    let before = initiated_by(Intent {
        reference: Some("1000".into()),
        ..intent()
    });
    let reference = "1000".to_owned();
    given(vec![before.clone()])
        .when(known)
        .then_expect_error(Refusal::ReferenceKnown { reference }.into());
    let payment = Payment::default().after(&[before, completed(1)]);
    assert_eq!(payment.intent().unwrap().reference.as_deref(), Some("1000"));
}

#[test]
fn a_deposit_is_net_of_what_the_processor_kept() {
    let command = |undeposited, fee| Command::Deposit {
        undeposited: usd(undeposited),
        fee: usd(fee),
        bank_account: BANK,
    };
    let banked = |amount, fee| Event::Deposited {
        lease: LEASE,
        amount: usd(amount),
        fee: usd(fee),
        bank_account: BANK,
        on: june(20),
    };
    let received = || given(vec![initiated(), completed(20)]);
    received()
        .when(command(1_000, 29))
        .then_expect_events(vec![banked(1_000, 29)]);
    // All of it went to a deposit, and the processor kept its fee all the same.
    received()
        .when(command(0, 1_000))
        .then_expect_events(vec![banked(0, 1_000)]);
    let (fee, amount) = (usd(1_001), usd(1_000));
    received()
        .when(command(1_000, 1_001))
        .then_expect_error(Refusal::FeeTooLarge { fee, amount }.into());
    let (field, amount) = ("fee", usd(-1));
    received()
        .when(command(1_000, -1))
        .then_expect_error(InputRefusal::Negative { field, amount }.into());
}

#[test]
fn a_reference_is_claimed_by_method_payer_and_reference() {
    let here = OrganizationId(Uuid::from_u128(8));
    let claim = |change: fn(&mut Intent)| -> Option<ClaimId> {
        let mut intent = Intent {
            reference: Some("1001".into()),
            ..intent()
        };
        change(&mut intent);
        intent.claim(here)
    };
    let usual = claim(|_| ());
    assert!(usual.is_some());
    assert_eq!(claim(|intent| intent.reference = Some(" 1001 ".into())), usual);
    assert_eq!(claim(|intent| intent.amount = usd(1)), usual);
    assert_eq!(claim(|intent| intent.lease = LeaseId(Uuid::from_u128(99))), usual);
    assert_eq!(claim(|intent| intent.reference = None), None);
    for another in [
        claim(|intent| intent.reference = Some("1002".into())),
        claim(|intent| intent.method = Method::Ach),
        claim(|intent| intent.payer = Some(ResidentId(Uuid::from_u128(9)))),
        claim(|intent| intent.payer = None),
    ] {
        assert!(another.is_some() && another != usual);
    }
    let strangers = |lease| {
        let stranger = Intent {
            lease: LeaseId(Uuid::from_u128(lease)),
            payer: None,
            reference: Some("1001".into()),
            ..intent()
        };
        stranger.claim(here)
    };
    assert_ne!(strangers(1), strangers(2), "who is no resident is known by the lease");
}
