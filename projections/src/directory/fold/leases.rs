//! Leases, from their draft to their end.

use chrono::NaiveDate;
use domain::{lease::LeaseEvent, money::Money, span::Span};

use super::{
    super::{
        document::{Lease, Recurring},
        state::Unknown,
    },
    Happening, account,
};

pub(super) fn lease(happening: &mut Happening<'_>, event: &LeaseEvent) -> Result<(), Unknown> {
    match event {
        LeaseEvent::Created { property, unit, terms } => {
            let nothing = Money::zero(terms.rent.currency);
            happening.begins(Lease {
                property: *property,
                unit: *unit,
                status: "draft".to_owned(),
                terms: terms.clone(),
                recurring: Vec::new(),
                signed_on: None,
                activated_on: None,
                notice_given_on: None,
                ends: None,
                owed: nothing,
                credit: nothing,
                balance: nothing,
                deposits: Vec::new(),
            });
        }
        LeaseEvent::Amended { terms } => happening.own::<Lease>()?.terms = terms.clone(),
        LeaseEvent::RecurringChargeAdded {
            recurring,
            kind,
            description,
            amount,
            from,
            ..
        } => happening.own::<Lease>()?.recurring.push(Recurring {
            id: *recurring,
            kind: *kind,
            description: description.clone(),
            amount: *amount,
            span: Span::open(*from),
        }),
        LeaseEvent::RecurringChargeEnded { recurring, on } => {
            let lease = happening.own::<Lease>()?;
            if let Some(ended) = lease.recurring.iter_mut().find(|known| known.id == *recurring) {
                ended.span.to = Some(*on);
            }
        }
        LeaseEvent::RentChanged { rent, rent_tax, .. } => rents(happening.own()?, *rent, *rent_tax),
        LeaseEvent::DepositAdded { deposit } => happening.own::<Lease>()?.deposits.push(*deposit),
        LeaseEvent::Expiring { .. } => {}
        _ => return stage(happening, event),
    }
    Ok(())
}

fn rents(lease: &mut Lease, rent: Money, tax: Option<Money>) {
    lease.terms.rent = rent;
    lease.terms.rent_tax = tax;
}

/// What moves a lease from one state to the next.
fn stage(happening: &mut Happening<'_>, event: &LeaseEvent) -> Result<(), Unknown> {
    match event {
        LeaseEvent::Signed { on } => {
            let lease = is_now(happening, "signed")?;
            lease.signed_on = Some(*on);
        }
        LeaseEvent::Activated { on, .. } => {
            let lease = is_now(happening, "active")?;
            lease.activated_on = Some(*on);
        }
        LeaseEvent::Renewed { to, rent, rent_tax, .. } => {
            let lease = is_now(happening, "active")?;
            lease.terms.term.to = *to;
            goes_on(lease);
            rents(lease, *rent, *rent_tax);
        }
        LeaseEvent::RolledOver { .. } => {
            let lease = is_now(happening, "month_to_month")?;
            lease.terms.term.to = None;
            goes_on(lease);
        }
        LeaseEvent::NoticeGiven { given_on, ends } => {
            let lease = is_now(happening, "on_notice")?;
            lease.notice_given_on = Some(*given_on);
            lease.ends = Some(*ends);
        }
        LeaseEvent::Ended { on } => ends(is_now(happening, "ended")?, *on),
        LeaseEvent::Settled => {
            is_now(happening, "settled")?;
        }
        LeaseEvent::Voided { .. } => {
            is_now(happening, "voided")?;
        }
        _ => return account::account(happening, event),
    }
    Ok(())
}

fn is_now<'a>(happening: &'a mut Happening<'_>, status: &str) -> Result<&'a mut Lease, Unknown> {
    let lease = happening.own::<Lease>()?;
    status.clone_into(&mut lease.status);
    Ok(lease)
}

fn goes_on(lease: &mut Lease) {
    lease.notice_given_on = None;
    lease.ends = None;
}

fn ends(lease: &mut Lease, on: NaiveDate) {
    lease.ends = Some(on);
}
