use super::*;

#[test]
fn a_mistake_says_whether_the_books_take_it_back() {
    given(vec![initiated()])
        .when(void())
        .then_expect_events(vec![voided(false)]);
    given(vec![initiated(), completed(1)])
        .when(void())
        .then_expect_events(vec![voided(true)]);
}

#[test]
fn a_bank_takes_back_all_of_it_whatever_was_refunded() {
    given(vec![initiated(), completed(1)])
        .when(bounce())
        .then_expect_events(vec![returned(None)]);
    for refunds in [vec![], vec![refunded(300, false)], vec![refunded(1_000, true)]] {
        let mut history = vec![initiated(), completed(1), deposited(2)];
        history.extend(refunds);
        given(history)
            .when(bounce())
            .then_expect_events(vec![returned(Some(BANK))]);
    }
}

#[test]
fn a_lost_dispute_costs_what_was_not_refunded() {
    let history = vec![
        initiated(),
        completed(1),
        deposited(2),
        refunded(300, false),
        disputed(),
    ];
    given(history)
        .when(lose())
        .then_expect_events(vec![lost(700, Some(BANK))]);
    given(vec![initiated(), completed(1), disputed()])
        .when(lose())
        .then_expect_events(vec![lost(1_000, None)]);
    let payment = Payment::default().after(&[initiated(), completed(1), disputed(), lost(1_000, None)]);
    assert_eq!(payment.status(), Some(PaymentStatus::Returned));
}

#[test]
fn a_dispute_that_is_won_leaves_the_money_where_it_was() {
    for (history, status) in [
        (vec![initiated(), completed(1)], PaymentStatus::Completed),
        (vec![initiated(), completed(1), deposited(2)], PaymentStatus::Deposited),
    ] {
        let payment = Payment::default()
            .after(&history)
            .after(&[disputed(), Event::DisputeWon]);
        assert_eq!(payment.status(), Some(status));
    }
}

#[test]
fn refunds_never_exceed_the_payment() {
    let banked = |refunds: &[Event]| {
        let mut history = vec![initiated(), completed(1), deposited(2)];
        history.extend_from_slice(refunds);
        given(history)
    };
    banked(&[])
        .when(refund(1_000))
        .then_expect_events(vec![refunded(1_000, true)]);
    let part = refunded(400, false);
    banked(from_ref(&part))
        .when(refund(599))
        .then_expect_events(vec![refunded(599, false)]);
    banked(from_ref(&part))
        .when(refund(600))
        .then_expect_events(vec![refunded(600, true)]);
    let (asked, left) = (usd(601), usd(600));
    banked(&[part])
        .when(refund(601))
        .then_expect_error(Refusal::RefundTooLarge { asked, left }.into());
    let (field, amount) = ("amount", usd(0));
    banked(&[])
        .when(refund(0))
        .then_expect_error(InputRefusal::NotPositive { field, amount }.into());
    let payment = Payment::default().after(&[initiated(), completed(1), deposited(2), refunded(400, false)]);
    assert_eq!(payment.left(), Ok(usd(600)));
    assert_eq!(payment.bank_account(), Some(BANK));
}

#[test]
fn a_refund_waits_for_the_hold_days_of_its_method_counted_from_the_receipt() {
    for (method, days) in [
        (Method::Cash, 0),
        (Method::Cheque, 7),
        (Method::Ach, 5),
        (Method::Card, 2),
    ] {
        let history = || {
            let paid = initiated_by(Intent { method, ..intent() });
            vec![paid, completed(2), deposited(2)]
        };
        let until = june(2 + days);
        given_on(history(), 2 + days)
            .when(refund(1))
            .then_expect_events(vec![refunded(1, false)]);
        if days > 0 {
            given_on(history(), 1 + days)
                .when(refund(1))
                .then_expect_error(Refusal::OnHold { until }.into());
        }
    }
}
