//! What a lease owes, and what is in its favour.

use chrono::NaiveDate;
use domain::{
    lease::{ChargeKind, CreditSource, CreditTarget, LeaseEvent},
    money::Money,
    span::Span,
};
use uuid::Uuid;

use super::{
    super::{
        document::{Charge, Credit, Lease},
        state::Unknown,
    },
    Happening,
};

pub(super) fn account(happening: &mut Happening<'_>, event: &LeaseEvent) -> Result<(), Unknown> {
    match event {
        LeaseEvent::ChargePosted {
            charge,
            kind,
            description,
            amount,
            due_on,
            period,
            ..
        } => owed(happening, charge.0, (*kind, description), *amount, (*due_on, *period)),
        LeaseEvent::LateFeeAssessed {
            charge,
            amount,
            day,
            period,
            ..
        } => {
            let description = format!("Late fee on the rent due {period}");
            owed(
                happening,
                charge.0,
                (ChargeKind::LateFee, &description),
                *amount,
                (*day, None),
            )
        }
        LeaseEvent::Opened { as_of, charge, credit } => {
            if let Some(charge) = charge {
                let what = (ChargeKind::Opening, "Balance taken over");
                owed(happening, charge.charge.0, what, charge.amount, (charge.due_on, None))?;
            }
            if let Some(credit) = credit {
                credited(happening, credit.credit.0, CreditSource::Opening, credit.amount, *as_of)?;
            }
            Ok(())
        }
        LeaseEvent::ChargeWaived { charge, amount, .. }
        | LeaseEvent::ChargeWrittenOff { charge, amount, .. }
        | LeaseEvent::ConcessionGranted { charge, amount, .. } => paid(happening, charge.0, amount.minor),
        LeaseEvent::Credited {
            credit,
            source,
            amount,
            received_on,
        } => credited(happening, credit.0, *source, *amount, *received_on),
        LeaseEvent::CreditApplied {
            credit, target, amount, ..
        } => applied(happening, credit.0, *target, amount.minor),
        LeaseEvent::CreditUnapplied {
            credit, target, amount, ..
        } => applied(happening, credit.0, *target, -amount.minor),
        LeaseEvent::CreditWithdrawn { credit, amount, .. } => used(happening, credit.0, amount.minor),
        LeaseEvent::Created { .. }
        | LeaseEvent::Amended { .. }
        | LeaseEvent::RecurringChargeAdded { .. }
        | LeaseEvent::RecurringChargeEnded { .. }
        | LeaseEvent::Signed { .. }
        | LeaseEvent::Activated { .. }
        | LeaseEvent::RentChanged { .. }
        | LeaseEvent::Renewed { .. }
        | LeaseEvent::RolledOver { .. }
        | LeaseEvent::NoticeGiven { .. }
        | LeaseEvent::Expiring { .. }
        | LeaseEvent::Ended { .. }
        | LeaseEvent::Settled
        | LeaseEvent::Voided { .. }
        | LeaseEvent::DepositAdded { .. } => Ok(()),
    }
}

fn owed(
    happening: &mut Happening<'_>,
    charge: Uuid,
    (kind, description): (ChargeKind, &str),
    amount: Money,
    (due_on, period): (NaiveDate, Option<Span>),
) -> Result<(), Unknown> {
    let id = happening.fact.aggregate_id;
    let lease = happening.own::<Lease>()?;
    lease.owed.minor += amount.minor;
    lease.balance.minor += amount.minor;
    let charge_document = Charge {
        lease: id.into(),
        property: lease.property,
        residents: lease.terms.residents.clone(),
        kind,
        description: description.to_owned(),
        amount,
        due_on,
        period,
        open: amount,
    };
    happening.begins_as(charge, charge_document);
    Ok(())
}

/// Less is owed on a charge, or, below zero, more again.
fn paid(happening: &mut Happening<'_>, charge: Uuid, minor: i64) -> Result<(), Unknown> {
    happening.other::<Charge>(charge)?.open.minor -= minor;
    let lease = happening.own::<Lease>()?;
    lease.owed.minor -= minor;
    lease.balance.minor -= minor;
    Ok(())
}

fn credited(
    happening: &mut Happening<'_>,
    credit: Uuid,
    source: CreditSource,
    amount: Money,
    received_on: NaiveDate,
) -> Result<(), Unknown> {
    let id = happening.fact.aggregate_id;
    let lease = happening.own::<Lease>()?;
    lease.credit.minor += amount.minor;
    lease.balance.minor -= amount.minor;
    let document = Credit {
        lease: id.into(),
        source,
        amount,
        free: amount,
        received_on,
    };
    happening.begins_as(credit, document);
    Ok(())
}

fn applied(happening: &mut Happening<'_>, credit: Uuid, target: CreditTarget, minor: i64) -> Result<(), Unknown> {
    used(happening, credit, minor)?;
    match target {
        CreditTarget::Charge { charge, .. } => paid(happening, charge.0, minor),
        CreditTarget::Deposit { .. } => Ok(()),
    }
}

/// Less of a credit is free, or, below zero, more again.
fn used(happening: &mut Happening<'_>, credit: Uuid, minor: i64) -> Result<(), Unknown> {
    happening.other::<Credit>(credit)?.free.minor -= minor;
    let lease = happening.own::<Lease>()?;
    lease.credit.minor -= minor;
    lease.balance.minor += minor;
    Ok(())
}
