use super::{Deposits, receive::designate};
use crate::{
    Refusal,
    context::Context,
    deposit::{Deposit, DepositCommand, DepositEvent},
    ids::{CreditId, DepositId, LeaseId},
    input,
    lease::{AccountRefusal, CreditTarget, Entries, Lease, LeaseEvent},
    money::Money,
    payment::{Designation, Payment},
};

/// What a decision about a credit gives: the facts of the lease, and of each deposit.
pub type CreditFacts = (Vec<LeaseEvent>, Vec<(DepositId, DepositEvent)>);

/// A credit of a lease, and what it pays or is to pay.
#[derive(Debug, Clone, Copy)]
pub struct CreditStreams<'a> {
    /// The credit.
    pub credit: CreditId,
    /// The payment it comes from; none if it was taken over from earlier books.
    pub payment: Option<&'a Payment>,
    /// The lease.
    pub lease: (LeaseId, &'a Lease),
    /// The deposits that are designated.
    pub deposits: &'a [(DepositId, &'a Deposit)],
}

impl CreditStreams<'_> {
    /// Money of earlier books is in the bank since before.
    fn banked(&self) -> bool {
        self.payment.is_none_or(|payment| payment.bank_account().is_some())
    }
}

/// What is free of a credit pays what is designated or, with nothing designated, what is unpaid in the order of the policy.
/// Writes the streams of the lease and the deposits and guards the payment's.
///
/// # Errors
/// Refuses a credit, charges and deposits that the lease doesn't have, and to pay nothing.
pub fn apply_credit(
    streams: CreditStreams<'_>,
    designations: &[Designation],
    context: &Context,
) -> Result<CreditFacts, Refusal> {
    let credit = streams.credit;
    let (lease_id, lease) = streams.lease;
    lease.must_have_account()?;
    input::count("designations", designations.len())?;
    for part in designations {
        input::amount("designations", part.amount(), context.currency())?;
    }
    for (_, deposit) in streams.deposits {
        deposit.must_secure(lease_id)?;
    }
    let mut entries = Entries::on(lease.account(), context);
    let mut deposits = Deposits::on(streams.deposits);
    if designations.is_empty() {
        entries.pay_from(credit)?;
    } else {
        designate(&mut entries, &mut deposits, (credit, streams.banked()), designations)?;
    }
    let applied = entries.into_events();
    if applied.is_empty() {
        return Err(AccountRefusal::NothingToPay { credit }.into());
    }
    Ok((applied, deposits.facts))
}

/// What a credit paid of a charge or deposit is unpaid again, wholly or in part, and free. Writes the streams of the lease and
/// the deposit and guards the payment's.
///
/// # Errors
/// Refuses more than the credit pays there.
pub fn unapply_credit(
    streams: CreditStreams<'_>,
    target: CreditTarget,
    amount: Money,
    context: &Context,
) -> Result<CreditFacts, Refusal> {
    let credit = streams.credit;
    let (_, lease) = streams.lease;
    lease.must_have_account()?;
    input::amount("amount", amount, context.currency())?;
    let mut entries = Entries::on(lease.account(), context);
    let mut deposits = Deposits::on(streams.deposits);
    entries.unapply(credit, target, amount)?;
    if let CreditTarget::Deposit { deposit } = target {
        let banked = streams.banked();
        let reverse = DepositCommand::Reverse { credit, amount, banked };
        deposits.decide(deposit, reverse, context)?;
    }
    Ok((entries.into_events(), deposits.facts))
}
