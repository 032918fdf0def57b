use super::{Deposits, PaymentFacts, PaymentStreams};
use crate::{
    Refusal, Root,
    claim::{Claim, ClaimCommand, ClaimEvent},
    context::Context,
    deposit::{Deposit, DepositCommand},
    ids::{CreditId, DepositId, PaymentId},
    lease::{AccountRefusal, Entries, Lease, Reduction},
    payment::{Designation, Intent, Method, Payment, PaymentCommand, PaymentEvent, PaymentRefusal},
};

/// Someone means to pay. Writes the payment's stream and guards those of the lease and the deposits it is to pay.
///
/// # Errors
/// Refuses a lease without an account, a payer who is no resident of it, and charges and deposits that are not its own.
pub fn initiate_payment(
    payment: &Payment,
    lease: &Lease,
    deposits: &[(DepositId, &Deposit)],
    intent: Intent,
    context: &Context,
) -> Result<Vec<PaymentEvent>, Refusal> {
    let contract = lease.must_have_account()?;
    if let Some(payer) = intent.payer.filter(|payer| !contract.residents.contains(payer)) {
        let lease = intent.lease;
        return Err(PaymentRefusal::PayerNotOnLease { payer, lease }.into());
    }
    let deposits = Deposits::on(deposits);
    for part in &intent.designations {
        match *part {
            Designation::Charge { charge, .. } => {
                let known = lease.account().charge(charge);
                known.ok_or(AccountRefusal::ChargeAbsent { charge })?;
            }
            Designation::Deposit { deposit, .. } => deposits.get(deposit)?.must_secure(intent.lease)?,
        }
    }
    payment.decide(PaymentCommand::Initiate(intent), context)
}

/// The office has money in its hands, received on the day the command is effective on: it is credited to the lease and pays
/// what was designated, and then what is unpaid. Late fees that would not have been assessed had it been known in time are
/// waived. Writes the streams of the payment, the lease, the deposits it pays and the claim on its reference.
///
/// # Errors
/// Refuses what [`initiate_payment`] and [`complete_payment`] refuse, and to go without a reference for all but cash.
pub fn receive_payment(
    streams: PaymentStreams<'_>,
    intent: Intent,
    context: &Context,
) -> Result<PaymentFacts, Refusal> {
    let (id, payment) = streams.payment;
    if intent.reference.is_none() && intent.method != Method::Cash {
        let method = intent.method;
        return Err(PaymentRefusal::ReferenceMissing { method }.into());
    }
    let initiated = initiate_payment(payment, streams.lease, streams.deposits, intent, context)?;
    let begun = payment.after(&initiated);
    let payment = (id, &begun);
    let mut facts = complete_payment(PaymentStreams { payment, ..streams }, None, context)?;
    facts.payment.splice(0..0, initiated);
    Ok(facts)
}

/// Money that someone meant to pay has come in. Otherwise as [`receive_payment`].
///
/// # Errors
/// Refuses a payment that is not on its way, a day in the future, and a reference of the same payer and method that was
/// counted before.
pub fn complete_payment(
    streams: PaymentStreams<'_>,
    reference: Option<String>,
    context: &Context,
) -> Result<PaymentFacts, Refusal> {
    let (id, payment) = streams.payment;
    let completed = payment.decide(PaymentCommand::Complete { reference }, context)?;
    let received = payment.after(&completed);
    let intent = received.intent()?;

    let claim = count_once(streams.claim, id, intent, context)?;
    let mut entries = Entries::on(streams.lease.account(), context);
    let mut deposits = Deposits::on(streams.deposits);
    entries.credit(id.into(), intent.amount, context.effective_on);
    designate(&mut entries, &mut deposits, (id.into(), false), &intent.designations)?;
    entries.pay_from_credits()?;
    let undone = streams.lease.late_fees_undone(entries.account(), context)?;
    for (fee, amount) in undone {
        entries.waive(fee, Reduction::Part(amount), "paid in time, recorded later".to_owned())?;
    }
    entries.pay_from_credits()?;
    Ok(PaymentFacts {
        payment: completed,
        lease: entries.into_events(),
        deposits: deposits.facts,
        claim,
    })
}

/// Pays what was designated, in order, from a credit of a payment that is in the bank or not: no more than is open.
pub(super) fn designate(
    entries: &mut Entries<'_>,
    deposits: &mut Deposits,
    (credit, banked): (CreditId, bool),
    designations: &[Designation],
) -> Result<(), Refusal> {
    for part in designations {
        match *part {
            Designation::Charge { charge, amount } => entries.pay_charge(credit, charge, amount.minor)?,
            Designation::Deposit { deposit, amount } => {
                let due = deposits.get(deposit)?.due()?;
                let amount = entries.pay_deposit(credit, deposit, amount.least(due))?;
                if amount.is_positive() {
                    let transfer = DepositCommand::Transfer { credit, amount, banked };
                    deposits.decide(deposit, transfer, entries.context())?;
                }
            }
        }
    }
    Ok(())
}

fn count_once(
    claim: &Claim,
    payment: PaymentId,
    intent: &Intent,
    context: &Context,
) -> Result<Vec<ClaimEvent>, Refusal> {
    let Some(reference) = intent.reference.clone() else {
        return Ok(vec![]);
    };
    if let Some(holder) = claim.holder() {
        let payment = holder.into();
        return Err(PaymentRefusal::ReferenceCounted { reference, payment }.into());
    }
    let make = ClaimCommand::Make {
        scope: Intent::CLAIM.to_owned(),
        holder: payment.0,
    };
    claim.decide(make, context)
}
