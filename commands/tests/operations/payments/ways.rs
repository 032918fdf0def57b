//! One step after the other.

use super::*;

#[tokio::test]
async fn a_bank_debit_goes_from_the_intent_to_the_bank_and_comes_back() {
    let home = Home::new().await;
    let payment = PaymentId(Uuid::from_u128(50));
    let intent = home.intent(120_000, Method::Ach, None);
    let initiate = InitiatePayment { payment, intent };
    assert_eq!(
        Office::written(&home.office.give(&initiate).await),
        ["payment.initiated"]
    );
    assert_eq!(home.balance().await, 100_000, "what is only meant counts for nothing");
    home.office
        .give(&OnStream::<Payment>::of(payment, PaymentCommand::Process))
        .await;

    let complete = CompletePayment {
        payment,
        reference: Some("trace 7".into()),
    };
    let invocation = home.office.invocation(0);
    let first = home.office.commands.execute(&invocation, &complete).await.unwrap();
    let expected = [
        "payment.completed",
        "lease.credited",
        "lease.credit_applied",
        "claim.made",
    ];
    assert_eq!(Office::written(&first), expected);
    let again = home.office.commands.execute(&invocation, &complete).await.unwrap();
    assert!(again.repeated && again.written == first.written);
    assert_eq!(home.balance().await, -20_000);

    home.bank(payment).await;
    let bounce = ReturnPayment {
        payment,
        bank_fee: usd(1_200),
        reason: "R01".into(),
    };
    let returned = home.office.give(&bounce).await;
    let expected = [
        "payment.returned",
        "lease.credit_unapplied",
        "lease.credit_withdrawn",
        "lease.charge_posted",
    ];
    assert_eq!(Office::written(&returned), expected);
    assert_eq!(home.balance().await, 103_500);
    assert_eq!(home.office.refused(&bounce).await, "payment-status-forbids");
}

#[tokio::test]
async fn a_keyed_in_mistake_leaves_nothing_behind_and_can_be_keyed_in_again() {
    let home = Home::new().await;
    let deposit = home.bill(60, 50_000).await;
    let amount = usd(50_000);
    let intent = Intent {
        designations: vec![Designation::Deposit { deposit, amount }],
        ..home.intent(150_000, Method::Cheque, Some("1001"))
    };
    let wrong = Home::receipt(1, intent.clone());
    home.office.give(&wrong).await;
    assert_eq!(home.balance().await, 0);
    let held = home.office.state::<Deposit>(deposit).await;
    assert_eq!(held.status(), Some(DepositStatus::Held));

    let voided = home
        .office
        .give(&VoidPayment {
            payment: wrong.payment,
            reason: "wrong lease".into(),
        })
        .await;
    let expected = [
        "payment.voided",
        "lease.credit_unapplied",
        "lease.credit_unapplied",
        "lease.credit_withdrawn",
        "deposit.receipt_reversed",
        "claim.released",
    ];
    assert_eq!(Office::written(&voided), expected);
    assert_eq!(home.balance().await, 100_000);
    assert_eq!(home.office.state::<Deposit>(deposit).await.due(), Ok(usd(50_000)));
    home.office.give(&Home::receipt(2, intent)).await;
}

#[tokio::test]
async fn a_dispute_is_won_or_lost() {
    let home = Home::new().await;
    for (n, won) in [(1, true), (2, false)] {
        let intent = home.intent(10_000, Method::Card, Some(&n.to_string()));
        let receipt = Home::receipt(n, intent);
        home.office.give(&receipt).await;
        let payment = receipt.payment;
        home.bank(payment).await;
        let reason = "not mine".to_owned();
        home.office
            .give(&OnStream::<Payment>::of(payment, PaymentCommand::Dispute { reason }))
            .await;
        if won {
            home.office
                .give(&OnStream::<Payment>::of(payment, PaymentCommand::Win))
                .await;
            assert_eq!(home.balance().await, 90_000);
        } else {
            assert_eq!(home.balance().await, 80_000);
            let bank_fee = usd(1_500);
            home.office.give(&LoseDispute { payment, bank_fee }).await;
            assert_eq!(home.balance().await, 90_000);
        }
    }
}

#[tokio::test]
async fn a_credit_pays_deposits_by_hand_and_gives_them_back() {
    let home = Home::new().await;
    let deposit = home.bill(60, 50_000).await;
    let payment = home.take_cash(1, 130_000).await;
    home.bank(payment).await;
    let (lease, credit, amount) = (home.lease, payment.into(), usd(30_000));
    let apply = ApplyCredit {
        lease,
        credit,
        designations: vec![Designation::Deposit { deposit, amount }],
    };
    let applied = home.office.give(&apply).await;
    assert_eq!(Office::written(&applied), ["lease.credit_applied", "deposit.received"]);
    assert_eq!(home.office.refused(&apply).await, "credit-nothing-to-pay");
    let target = CreditTarget::Deposit { deposit };
    let unapply = UnapplyCredit {
        lease,
        credit,
        target,
        amount,
    };
    let unapplied = home.office.give(&unapply).await;
    assert_eq!(
        Office::written(&unapplied),
        ["lease.credit_unapplied", "deposit.receipt_reversed"]
    );
    assert_eq!(home.office.refused(&unapply).await, "credit-applied-less");
    assert_eq!(home.balance().await, -30_000);
}

#[tokio::test]
async fn deposits_are_paid_straight_into_their_account_or_taken_over() {
    let home = Home::new().await;
    let deposit = home.bill(60, 50_000).await;
    let receive = |bank_account| ReceiveDeposit {
        deposit,
        bank_account,
        amount: usd(50_000),
    };
    assert_eq!(
        home.office.refused(&receive(home.operating)).await,
        "bank-account-not-for-deposits"
    );
    let received = home.office.give(&receive(home.trust)).await;
    assert_eq!(Office::written(&received), ["deposit.received"]);
    assert_eq!(home.office.refused(&receive(home.trust)).await, "deposit-beyond-due");

    let taken_over = TakeOverDeposit {
        deposit: DepositId(Uuid::from_u128(61)),
        new: home.new_deposit(40_000),
    };
    let held = home.office.give(&taken_over).await;
    assert_eq!(
        Office::written(&held),
        ["deposit.billed", "deposit.received", "lease.deposit_added"]
    );
    assert_eq!(home.office.refused(&taken_over).await, "deposit-exists");
    let lease = home.office.state::<Lease>(home.lease).await;
    assert_eq!(lease.deposits(), [deposit, taken_over.deposit]);
}

#[tokio::test]
async fn what_is_unknown_is_refused_by_its_name() {
    let home = Home::new().await;
    let office = &home.office;
    let payment = PaymentId(Uuid::from_u128(99));
    let reason = || "test".to_owned();
    let (bank_fee, fee, amount, bank_account) = (usd(0), usd(0), usd(1), home.operating);
    let void = VoidPayment {
        payment,
        reason: reason(),
    };
    let bounce = ReturnPayment {
        payment,
        bank_fee,
        reason: reason(),
    };
    let refund = RefundPayment {
        payment,
        amount,
        reason: reason(),
    };
    let deposit = DepositPayment {
        payment,
        bank_account,
        fee,
    };
    let complete = CompletePayment {
        payment,
        reference: None,
    };
    for rule in [
        office.refused(&void).await,
        office.refused(&bounce).await,
        office.refused(&refund).await,
        office.refused(&deposit).await,
        office.refused(&complete).await,
        office.refused(&LoseDispute { payment, bank_fee }).await,
    ] {
        assert_eq!(rule, "payment-absent");
    }
    let elsewhere = Intent {
        lease: LeaseId(Uuid::from_u128(98)),
        ..home.intent(1, Method::Cash, None)
    };
    assert_eq!(office.refused(&Home::receipt(1, elsewhere)).await, "lease-absent");
}
