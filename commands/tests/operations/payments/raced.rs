//! Everyone acts at once.

use super::*;

const ROUNDS: u128 = 40;

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
            .map(|n| Home::receipt(round * 10 + n, home.intent(1_000, Method::Cheque, Some(&reference))))
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
        let receipt = Home::receipt(round, home.intent(7_000, Method::Cash, None));
        let charge = home.charge(5_000);
        let (received, charged) = tokio::join!(home.office.attempt(&receipt), home.office.attempt(&charge));
        assert!(received.is_ok() && charged.is_ok());
        let lease = home.office.state::<Lease>(home.lease).await;
        assert_eq!(lease.account().owed(), 0);
    }
    assert_eq!(home.balance().await, -2_000 * i64::try_from(ROUNDS).unwrap());
}
