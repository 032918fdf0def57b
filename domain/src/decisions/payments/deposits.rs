use crate::{
    Refusal, Root,
    bank_account::{BankAccount, BankPurpose},
    context::Context,
    deposit::{Deposit, DepositCommand, DepositEvent, NewDeposit},
    ids::{BankAccountId, DepositId},
    lease::{Lease, LeaseCommand, LeaseEvent},
    money::Money,
};

/// What a decision about a lease and one of its deposits gives: the facts of each.
pub type LeaseAndDeposit = (Vec<LeaseEvent>, Vec<DepositEvent>);

/// A deposit is asked for: an open item of the lease. Writes both streams.
///
/// # Errors
/// Refuses a lease without an account, and a deposit that exists.
pub fn bill_deposit(
    lease: &Lease,
    (id, deposit): (DepositId, &Deposit),
    new: NewDeposit,
    context: &Context,
) -> Result<LeaseAndDeposit, Refusal> {
    let billed = deposit.decide(DepositCommand::Bill(new), context)?;
    let added = lease.decide(LeaseCommand::AddDeposit { deposit: id }, context)?;
    Ok((added, billed))
}

/// A deposit is taken over that earlier books held. Writes both streams.
///
/// # Errors
/// Refuses a lease without an account, and a deposit that exists.
pub fn take_over_deposit(
    lease: &Lease,
    (id, deposit): (DepositId, &Deposit),
    new: NewDeposit,
    context: &Context,
) -> Result<LeaseAndDeposit, Refusal> {
    let (added, mut events) = bill_deposit(lease, (id, deposit), new, context)?;
    let billed = deposit.after(&events);
    events.extend(billed.decide(DepositCommand::TakeOver, context)?);
    Ok((added, events))
}

/// Money for a deposit was paid straight into the deposit account. Writes the deposit's stream and guards the bank account's.
///
/// # Errors
/// Refuses more than is due, and an account that is closed or not there for deposits.
pub fn receive_deposit(
    deposit: &Deposit,
    (bank_account, bank): (BankAccountId, &BankAccount),
    amount: Money,
    context: &Context,
) -> Result<Vec<DepositEvent>, Refusal> {
    bank.must_serve(BankPurpose::DepositTrust, context.effective_on)?;
    deposit.decide(DepositCommand::Receive { amount, bank_account }, context)
}
