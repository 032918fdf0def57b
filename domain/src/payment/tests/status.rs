use super::*;

#[test]
fn each_status_allows_what_it_allows_and_nothing_else() {
    use PaymentStatus::{Completed, Deposited, Disputed, Initiated, Processing, Refunded};

    let commands: [(Command, &str, &[PaymentStatus]); 10] = [
        (Command::Process, "processed", &[Initiated]),
        (complete(), "completed", &[Initiated, Processing]),
        (deposit(), "deposited", &[Completed]),
        (fail(), "failed", &[Initiated, Processing]),
        (void(), "voided", &[Initiated, Processing, Completed]),
        (bounce(), "returned", &[Completed, Deposited, Refunded]),
        (dispute(), "disputed", &[Completed, Deposited]),
        (Command::Win, "won", &[Disputed]),
        (lose(), "lost", &[Disputed]),
        (refund(1), "refunded", &[Deposited]),
    ];
    let context = Context::on(june(20));
    for (history, status) in histories() {
        let payment = Payment::default().after(&history);
        assert_eq!(payment.status(), Some(status));
        for (command, asked, allowed) in &commands {
            let decided = payment.decide(command.clone(), &context);
            if allowed.contains(&status) {
                assert_eq!(decided.map(|events| events.len()), Ok(1), "{status} {asked}");
            } else {
                assert_eq!(decided, Err(Refusal::Forbidden { status, asked }.into()));
            }
        }
        let again = payment.decide(Command::Initiate(intent()), &context);
        assert_eq!(again, Err(Refusal::Exists.into()));
    }
    for (command, ..) in commands {
        let decided = Payment::default().decide(command, &context);
        assert_eq!(decided, Err(Refusal::Absent.into()));
    }
}

#[test]
fn a_payment_is_at_rest_once_it_is_banked_or_will_not_be() {
    use PaymentStatus::{Completed, Disputed, Initiated, Processing};

    assert!(!Payment::default().is_at_rest());
    for (history, status) in histories() {
        let is_under_way = matches!(status, Initiated | Processing | Completed | Disputed);
        assert_eq!(
            Payment::default().after(&history).is_at_rest(),
            !is_under_way,
            "{status}"
        );
    }
}

#[test]
fn nothing_happens_to_money_before_it_is_where_it_happens() {
    let too_early = |on, since| crate::Refusal::from(Refusal::DatedTooEarly { on, since });
    let received = || vec![initiated(), completed(5)];
    for command in [deposit(), void(), bounce()] {
        given_on(received(), 4)
            .when(command)
            .then_expect_error(too_early(june(4), june(5)));
    }
    let banked = || vec![initiated(), completed(1), deposited(8)];
    for command in [bounce(), refund(1)] {
        given_on(banked(), 7)
            .when(command)
            .then_expect_error(too_early(june(7), june(8)));
    }
    let mut disputed_later = banked();
    disputed_later.push(disputed());
    given_on(disputed_later, 7)
        .when(lose())
        .then_expect_error(too_early(june(7), june(8)));
    given_on(received(), 5)
        .when(deposit())
        .then_expect_events(vec![deposited(5)]);
}

#[test]
fn reasons_and_fees_of_banks_are_checked() {
    let banked = || vec![initiated(), completed(1), deposited(2)];
    let missing = || InputRefusal::TextMissing { field: "reason" }.into();
    let blank = || " ".to_owned();
    let cases = [
        (vec![initiated()], Command::Fail { reason: blank() }),
        (vec![initiated()], Command::Void { reason: blank() }),
        (banked(), Command::Dispute { reason: blank() }),
        (
            banked(),
            Command::Return {
                bank_fee: usd(0),
                reason: blank(),
            },
        ),
        (
            banked(),
            Command::Refund {
                amount: usd(1),
                reason: blank(),
            },
        ),
    ];
    for (history, command) in cases {
        given(history).when(command).then_expect_error(missing());
    }
    let negative = || {
        let (field, amount) = ("bank_fee", usd(-1));
        InputRefusal::Negative { field, amount }.into()
    };
    let bounce = Command::Return {
        bank_fee: usd(-1),
        reason: "R01".into(),
    };
    given(banked()).when(bounce).then_expect_error(negative());
    let mut in_dispute = banked();
    in_dispute.push(disputed());
    given(in_dispute)
        .when(Command::Lose { bank_fee: usd(-1) })
        .then_expect_error(negative());
}

#[test]
fn refusals_name_status_and_method_in_words() {
    let asked = "refunded";
    let words = |status| Refusal::Forbidden { status, asked }.to_string();
    let all: Vec<_> = histories().into_iter().map(|(_, status)| words(status)).collect();
    let expected = [
        "initiated",
        "processing",
        "completed",
        "deposited",
        "failed",
        "voided",
        "returned",
        "disputed",
        "refunded",
    ]
    .map(|status| format!("a payment that is {status} can't be refunded"));
    assert_eq!(all, expected);
    let methods = [Method::Cash, Method::Cheque, Method::Ach, Method::Card];
    for method in methods {
        let stored = serde_json::to_value(method).unwrap();
        assert_eq!(stored, method.to_string());
    }
    let refusal = Refusal::Absent;
    assert_eq!(
        (refusal.rule(), refusal.nature()),
        ("payment-absent", crate::Nature::Absent)
    );
}
