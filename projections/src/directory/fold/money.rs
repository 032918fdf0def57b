//! Payments and deposits.

use domain::{deposit::DepositEvent, money::Money, payment::PaymentEvent};

use super::{
    super::{
        document::{Deposit, Payment},
        state::Unknown,
    },
    Happening,
};

pub(super) fn payment(happening: &mut Happening<'_>, event: &PaymentEvent) -> Result<(), Unknown> {
    if let PaymentEvent::Initiated {
        lease,
        payer,
        amount,
        method,
        reference,
        designations,
    } = event
    {
        let initiated_at = happening.fact.metadata.occurred_at;
        happening.begins(Payment {
            lease: *lease,
            payer: *payer,
            status: "initiated".to_owned(),
            amount: *amount,
            method: *method,
            reference: reference.clone(),
            designations: designations.clone(),
            initiated_at,
            received_on: None,
            deposited_on: None,
            bank_account: None,
            refunded: Money::zero(amount.currency),
            reason: None,
        });
        return Ok(());
    }
    let payment = happening.own::<Payment>()?;
    let status = match event {
        PaymentEvent::Initiated { .. } => "initiated",
        PaymentEvent::Processing => "processing",
        PaymentEvent::Completed {
            received_on, reference, ..
        } => {
            payment.received_on = Some(*received_on);
            payment.reference = payment.reference.take().or_else(|| reference.clone());
            "completed"
        }
        PaymentEvent::Deposited { bank_account, on, .. } => {
            payment.bank_account = Some(*bank_account);
            payment.deposited_on = Some(*on);
            "deposited"
        }
        PaymentEvent::Failed { reason } => {
            payment.reason = Some(reason.clone());
            "failed"
        }
        PaymentEvent::Voided { reason, .. } => {
            payment.reason = Some(reason.clone());
            "voided"
        }
        PaymentEvent::Returned { reason, .. } => {
            payment.reason = Some(reason.clone());
            "returned"
        }
        PaymentEvent::Disputed { reason } => {
            payment.reason = Some(reason.clone());
            "disputed"
        }
        PaymentEvent::DisputeWon if payment.deposited_on.is_some() => "deposited",
        PaymentEvent::DisputeWon => "completed",
        PaymentEvent::DisputeLost { .. } => "returned",
        PaymentEvent::Refunded { amount, whole, .. } => {
            payment.refunded.minor += amount.minor;
            if !whole {
                return Ok(());
            }
            "refunded"
        }
    };
    status.clone_into(&mut payment.status);
    Ok(())
}

pub(super) fn deposit(happening: &mut Happening<'_>, event: &DepositEvent) -> Result<(), Unknown> {
    match event {
        DepositEvent::Billed {
            lease,
            purpose,
            limited,
            amount,
            due_on,
        } => {
            happening.begins(Deposit {
                lease: *lease,
                status: "due".to_owned(),
                purpose: *purpose,
                limited: *limited,
                amount: *amount,
                held: Money::zero(amount.currency),
                due_on: *due_on,
            });
            Ok(())
        }
        DepositEvent::Received { amount, .. } => holds(happening, amount.minor),
        DepositEvent::ReceiptReversed { amount, .. } => holds(happening, -amount.minor),
    }
}

/// More is held, or, below zero, less.
fn holds(happening: &mut Happening<'_>, minor: i64) -> Result<(), Unknown> {
    let deposit = happening.own::<Deposit>()?;
    deposit.held.minor += minor;
    let is_due = deposit.held.minor < deposit.amount.minor;
    if is_due { "due" } else { "held" }.clone_into(&mut deposit.status);
    Ok(())
}
