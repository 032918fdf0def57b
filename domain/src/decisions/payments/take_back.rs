use super::{Deposits, PaymentFacts, PaymentStreams};
use crate::{
    Refusal,
    claim::ClaimCommand,
    context::Context,
    deposit::DepositCommand,
    lease::{ChargeKind, Entries, NewCharge, Withdrawal},
    money::Money,
    payment::PaymentCommand,
};

/// A payment was a keyed-in mistake: everything it paid is unpaid again, and its reference can be counted. Writes the streams
/// of the payment, the lease, the deposits it paid and the claim on its reference.
///
/// # Errors
/// Refuses a payment that is in the bank: the bank has to return it.
pub fn void_payment(streams: PaymentStreams<'_>, reason: String, context: &Context) -> Result<PaymentFacts, Refusal> {
    let (id, payment) = streams.payment;
    let voided = payment.decide(PaymentCommand::Void { reason }, context)?;
    let mut facts = if payment.was_received() {
        take_back(streams, (payment.intent()?.amount, Withdrawal::Voided), None, context)?
    } else {
        PaymentFacts::default()
    };
    facts.payment = voided;
    if streams.claim.holder() == Some(id.0) {
        facts.claim = streams.claim.decide(ClaimCommand::Release { holder: id.0 }, context)?;
    }
    Ok(facts)
}

/// The bank took a payment back, all of it: everything it paid, whenever it did, is unpaid again; what had been refunded of it
/// leaves its credit negative; the residents are charged the fee for that. Writes the streams of the payment, the lease and the
/// deposits it paid.
///
/// # Errors
/// Refuses a payment that was not received, or taken back before.
pub fn return_payment(
    streams: PaymentStreams<'_>,
    (bank_fee, reason): (Money, String),
    context: &Context,
) -> Result<PaymentFacts, Refusal> {
    let (_, payment) = streams.payment;
    let returned = payment.decide(PaymentCommand::Return { bank_fee, reason }, context)?;
    let whole = payment.intent()?.amount;
    let fee = context.settings.nsf_fee;
    let nsf = fee.is_positive().then(|| NewCharge {
        charge: context.id(0).into(),
        kind: ChargeKind::NsfFee,
        description: "Fee for a returned payment".to_owned(),
        amount: fee,
        tax: None,
        due_on: context.effective_on,
        period: None,
        recurring: None,
    });
    let facts = take_back(streams, (whole, Withdrawal::Returned), nsf, context)?;
    Ok(PaymentFacts {
        payment: returned,
        ..facts
    })
}

/// The payer's bank decided against us: as a return, but only what had not been refunded is lost, and no fee is charged.
/// Writes the streams of the payment, the lease and the deposits it paid.
///
/// # Errors
/// Refuses a payment that is not disputed.
pub fn lose_dispute(streams: PaymentStreams<'_>, bank_fee: Money, context: &Context) -> Result<PaymentFacts, Refusal> {
    let (_, payment) = streams.payment;
    let lost = payment.decide(PaymentCommand::Lose { bank_fee }, context)?;
    let facts = take_back(streams, (payment.left()?, Withdrawal::DisputeLost), None, context)?;
    Ok(PaymentFacts { payment: lost, ..facts })
}

/// Makes everything unpaid that a payment paid, takes its money off the lease, charges for that, and lets other credits pay
/// what is unpaid now.
fn take_back(
    streams: PaymentStreams<'_>,
    (amount, why): (Money, Withdrawal),
    charge: Option<NewCharge>,
    context: &Context,
) -> Result<PaymentFacts, Refusal> {
    let (id, payment) = streams.payment;
    let credit = id.into();
    let banked = payment.bank_account().is_some();
    let mut entries = Entries::on(streams.lease.account(), context);
    let mut deposits = Deposits::on(streams.deposits);
    for (deposit, amount) in entries.unapply_all(credit)? {
        let reverse = DepositCommand::Reverse { credit, amount, banked };
        deposits.decide(deposit, reverse, context)?;
    }
    entries.withdraw(credit, amount, why);
    if let Some(charge) = charge {
        entries.post(charge)?;
    }
    entries.pay_from_credits()?;
    Ok(PaymentFacts {
        lease: entries.into_events(),
        deposits: deposits.facts,
        ..PaymentFacts::default()
    })
}
