use super::PaymentFacts;
use crate::{
    Refusal,
    bank_account::{BankAccount, BankPurpose},
    context::Context,
    ids::{BankAccountId, PaymentId},
    lease::{AccountRefusal, CreditTarget, Entries, Lease, Withdrawal},
    money::Money,
    payment::{Payment, PaymentCommand, PaymentEvent, PaymentRefusal},
};

/// The money of a payment is in the bank, net of what its processor kept; what deposits took of it before went to theirs.
/// Writes the payment's stream and guards those of the lease and the bank account.
///
/// # Errors
/// Refuses a payment that is not completed, or in the bank already, a fee above it, and an account that is closed or holds
/// deposits.
pub fn deposit_payment(
    (id, payment): (PaymentId, &Payment),
    lease: &Lease,
    (bank_account, bank): (BankAccountId, &BankAccount),
    fee: Money,
    context: &Context,
) -> Result<Vec<PaymentEvent>, Refusal> {
    bank.must_serve(BankPurpose::Operating, context.effective_on)?;
    let mut undeposited = payment.intent()?.amount;
    if let Some(credit) = lease.account().credit(id.into()) {
        for (target, amount) in credit.pays()? {
            if matches!(target, CreditTarget::Deposit { .. }) {
                undeposited = undeposited.minus(amount)?;
            }
        }
    }
    let deposit = PaymentCommand::Deposit {
        undeposited,
        fee,
        bank_account,
    };
    payment.decide(deposit, context)
}

/// Some of a payment is paid back, out of the account it went to. Writes the streams of the payment and the lease and guards
/// the bank account's.
///
/// # Errors
/// Refuses what is not in the bank, held, or not free: neither of this payment nor, where a bank took others back, of the
/// lease as a whole.
pub fn refund_payment(
    (id, payment): (PaymentId, &Payment),
    lease: &Lease,
    bank: &BankAccount,
    (amount, reason): (Money, String),
    context: &Context,
) -> Result<PaymentFacts, Refusal> {
    let refunded = payment.decide(PaymentCommand::Refund { amount, reason }, context)?;
    bank.must_serve(BankPurpose::Operating, context.effective_on)?;
    let account = lease.account();
    let credit = id.into();
    let from = account.credit(credit).ok_or(AccountRefusal::CreditAbsent { credit })?;
    let free = from.free.least(Money::new(account.free(), from.free.currency));
    if amount.minor > free.minor {
        let asked = amount;
        return Err(AccountRefusal::NotFree { credit, asked, free }.into());
    }
    let (on, since) = (context.effective_on, from.usable_from());
    if on < since {
        return Err(PaymentRefusal::DatedTooEarly { on, since }.into());
    }
    let mut entries = Entries::on(account, context);
    entries.withdraw(credit, amount, Withdrawal::Refunded);
    Ok(PaymentFacts {
        payment: refunded,
        lease: entries.into_events(),
        ..PaymentFacts::default()
    })
}
