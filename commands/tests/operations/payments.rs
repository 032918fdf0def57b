//! Money, from the resident's pocket to the bank and back, also when everyone acts at once.

use commands::{
    execute::{ExecuteError, Receipt},
    handlers::{
        ActivateLease, ApplyCredit, BillDeposit, CompletePayment, DepositPayment, DraftLease, InitiatePayment,
        LoseDispute, OnStream, ReceiveDeposit, ReceivePayment, RefundPayment, ReturnPayment, SignLease,
        TakeOverDeposit, UnapplyCredit, VoidPayment,
    },
};
use domain::{
    context::Context,
    decisions::founding_accounts,
    deposit::{Deposit, DepositPurpose, DepositStatus, NewDeposit},
    ids::{BankAccountId, DepositId, LeaseId, PaymentId, ResidentId},
    lease::{ChargeKind, CreditTarget, Lease, LeaseCommand, ManualCharge, Terms},
    money::{Currency, Money},
    payment::{Designation, Intent, Method, Payment, PaymentCommand, PaymentStatus},
    span::Span,
};
use futures::future::join_all;
use uuid::Uuid;

use crate::support::{Office, noon, rule};

const ROUNDS: u128 = 40;

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

/// A lease in force since today, its first rent of 1,000.00 posted.
struct Home {
    office: Office,
    lease: LeaseId,
    ada: ResidentId,
    operating: BankAccountId,
    trust: BankAccountId,
}

impl Home {
    async fn new() -> Self {
        let office = Office::unfounded().await;
        let founding = office.invocation(0);
        let context = Context {
            command: founding.command_id,
            ..Context::sample()
        };
        let (operating, trust) = founding_accounts(&context);
        office
            .commands
            .execute(&founding, &crate::support::found())
            .await
            .unwrap();
        let property = office.property(1).await;
        let (unit, ada) = (office.unit(property, 2).await, office.resident(3).await);
        let on = noon().date_naive();
        let terms = Terms {
            residents: vec![ada],
            term: Span::open(on),
            rent: usd(100_000),
            rent_tax: None,
            due_day: 1,
        };
        let drafted = office.give(&DraftLease { unit, terms }).await;
        let lease = LeaseId(drafted.written[0].aggregate_id);
        office.give(&SignLease { lease, on }).await;
        office.give(&ActivateLease { lease, on }).await;
        Self {
            office,
            lease,
            ada,
            operating,
            trust,
        }
    }

    fn intent(&self, amount: i64, method: Method, reference: Option<&str>) -> Intent {
        Intent {
            lease: self.lease,
            payer: Some(self.ada),
            amount: usd(amount),
            method,
            reference: reference.map(str::to_owned),
            designations: vec![],
        }
    }

    fn receipt(&self, n: u128, intent: Intent) -> ReceivePayment {
        let payment = PaymentId(Uuid::from_u128(1_000_000 + n));
        ReceivePayment { payment, intent }
    }

    async fn take_cash(&self, n: u128, amount: i64) -> PaymentId {
        let receipt = self.receipt(n, self.intent(amount, Method::Cash, None));
        self.office.give(&receipt).await;
        receipt.payment
    }

    async fn bank(&self, payment: PaymentId) {
        let (bank_account, fee) = (self.operating, usd(0));
        self.office
            .give(&DepositPayment {
                payment,
                bank_account,
                fee,
            })
            .await;
    }

    async fn bill(&self, n: u128, amount: i64) -> DepositId {
        let deposit = DepositId(Uuid::from_u128(n));
        let new = self.new_deposit(amount);
        self.office.give(&BillDeposit { deposit, new }).await;
        deposit
    }

    fn new_deposit(&self, amount: i64) -> NewDeposit {
        NewDeposit {
            lease: self.lease,
            purpose: DepositPurpose::Security,
            limited: false,
            amount: usd(amount),
            due_on: noon().date_naive(),
        }
    }

    fn charge(&self, amount: i64) -> OnStream<Lease> {
        let charge = ManualCharge {
            kind: ChargeKind::Utilities,
            description: "Water".into(),
            amount: usd(amount),
            tax: None,
            due_on: noon().date_naive(),
            period: None,
        };
        OnStream::of(self.lease, LeaseCommand::Charge(charge))
    }

    async fn balance(&self) -> i64 {
        self.office.state::<Lease>(self.lease).await.account().balance()
    }

    async fn status(&self, payment: PaymentId) -> Option<PaymentStatus> {
        self.office.state::<Payment>(payment).await.status()
    }

    async fn count(&self, event_type: &str) -> usize {
        let log = self.office.log().await;
        log.iter().filter(|event| event.event_type == event_type).count()
    }
}

/// Of attempts at the same thing one was carried out, and all others were refused under this rule.
fn one_succeeded(results: Vec<Result<Receipt, ExecuteError>>, otherwise: &str) {
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(done.len(), 1);
    for result in refused {
        assert_eq!(rule(result), otherwise);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_reference_never_counts_twice_also_when_raced() {
    let home = Home::new().await;
    for round in 0..ROUNDS {
        let reference = round.to_string();
        let attempts: Vec<_> = (0..5)
            .map(|n| home.receipt(round * 10 + n, home.intent(1_000, Method::Cheque, Some(&reference))))
            .collect();
        let results = join_all(attempts.iter().map(|attempt| home.office.attempt(attempt))).await;
        one_succeeded(results, "payment-reference-counted");
    }
    let counted = usize::try_from(ROUNDS).unwrap();
    for event_type in ["payment.completed", "lease.credited", "claim.made"] {
        assert_eq!(home.count(event_type).await, counted, "{event_type}");
    }
    assert_eq!(home.balance().await, 100_000 - 1_000 * i64::try_from(ROUNDS).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_raced_never_exceed_what_is_free() {
    let home = Home::new().await;
    home.take_cash(0, 100_000).await;
    for round in 1..=ROUNDS {
        let payment = home.take_cash(round, 10_000).await;
        home.bank(payment).await;
        let refund = RefundPayment {
            payment,
            amount: usd(6_000),
            reason: "paid twice".into(),
        };
        let results = join_all((0..4).map(|_| home.office.attempt(&refund))).await;
        one_succeeded(results, "payment-refund-too-large");
    }
    assert_eq!(home.count("payment.refunded").await, usize::try_from(ROUNDS).unwrap());
    assert_eq!(home.balance().await, -4_000 * i64::try_from(ROUNDS).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_refunds_of_different_payments_never_take_more_than_the_lease_has() {
    let home = Home::new().await;
    home.take_cash(0, 100_000).await;
    for round in (10..).step_by(10).take(10) {
        // One came back from the bank after it had been refunded: what is free of the two others is not all there.
        let bounced = home.take_cash(round, 10_000).await;
        let others = [
            home.take_cash(round + 1, 10_000).await,
            home.take_cash(round + 2, 10_000).await,
        ];
        for payment in [bounced, others[0], others[1]] {
            home.bank(payment).await;
        }
        let refund = |payment, amount| RefundPayment {
            payment,
            amount: usd(amount),
            reason: "moved out".into(),
        };
        home.office.give(&refund(bounced, 10_000)).await;
        let bounce = ReturnPayment {
            payment: bounced,
            bank_fee: usd(0),
            reason: "R01".into(),
        };
        home.office.give(&bounce).await;
        let refunds = others.map(|payment| refund(payment, 6_000));
        let results = join_all(refunds.iter().map(|refund| home.office.attempt(refund))).await;
        one_succeeded(results, "credit-not-free");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_refunded_behind_a_return() {
    let home = Home::new().await;
    let mut refunded = 0;
    for round in 0..ROUNDS {
        let payment = home.take_cash(round, 200_000).await;
        home.bank(payment).await;
        let refund = RefundPayment {
            payment,
            amount: usd(1_000),
            reason: "paid twice".into(),
        };
        let bounce = ReturnPayment {
            payment,
            bank_fee: usd(0),
            reason: "R01".into(),
        };
        let (repaid, returned) = tokio::join!(home.office.attempt(&refund), home.office.attempt(&bounce));
        let returned = returned.unwrap().primary_sequence();
        match repaid {
            Ok(receipt) => {
                assert!(receipt.primary_sequence() < returned);
                refunded += 1;
            }
            Err(error) => assert!(["payment-status-forbids", "credit-not-free"].contains(&rule(Err(error)))),
        }
        assert_eq!(home.status(payment).await, Some(PaymentStatus::Returned));
    }
    assert_eq!(home.count("payment.refunded").await, refunded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credit_stays_free_beside_a_charge_that_is_posted_at_the_same_time() {
    let home = Home::new().await;
    home.take_cash(0, 100_000).await;
    for round in 1..=ROUNDS {
        let receipt = home.receipt(round, home.intent(7_000, Method::Cash, None));
        let charge = home.charge(5_000);
        let (received, charged) = tokio::join!(home.office.attempt(&receipt), home.office.attempt(&charge));
        assert!(received.is_ok() && charged.is_ok());
        let lease = home.office.state::<Lease>(home.lease).await;
        assert_eq!(lease.account().owed(), 0);
    }
    assert_eq!(home.balance().await, -2_000 * i64::try_from(ROUNDS).unwrap());
}

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
    let wrong = home.receipt(1, intent.clone());
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
    home.office.give(&home.receipt(2, intent)).await;
}

#[tokio::test]
async fn a_dispute_is_won_or_lost() {
    let home = Home::new().await;
    for (n, won) in [(1, true), (2, false)] {
        let intent = home.intent(10_000, Method::Card, Some(&n.to_string()));
        let receipt = home.receipt(n, intent);
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
    assert_eq!(office.refused(&home.receipt(1, elsewhere)).await, "lease-absent");
}
