//! Residents and vendors. What can't be read is shown as absent: it was erased.

use chrono::NaiveDate;
use domain::{
    personal::{Contact, EmergencyContact, PersonName, Personal},
    resident::ResidentEvent,
    vendor::VendorEvent,
};

use super::{
    super::{
        document::{Home, Resident, Vendor},
        state::Unknown,
    },
    Happening,
};

pub(super) fn resident(happening: &mut Happening<'_>, event: &ResidentEvent) -> Result<(), Unknown> {
    match event {
        ResidentEvent::Created {
            name,
            contact,
            birth_date,
            emergency_contacts,
        } => {
            let mut resident = Resident {
                status: "applicant".to_owned(),
                erased: false,
                name: None,
                contact: None,
                birth_date: None,
                emergency_contacts: Vec::new(),
                lease: None,
                unit: None,
                homes: Vec::new(),
            };
            know(
                &mut resident,
                (name, contact),
                birth_date.as_ref(),
                emergency_contacts.as_ref(),
            );
            happening.begins(resident);
        }
        ResidentEvent::Updated {
            name,
            contact,
            birth_date,
            emergency_contacts,
        } => {
            let resident = happening.own::<Resident>()?;
            know(
                resident,
                (name, contact),
                birth_date.as_ref(),
                emergency_contacts.as_ref(),
            );
        }
        ResidentEvent::MovedIn { lease, unit, .. } => {
            let resident = happening.own::<Resident>()?;
            resident.homes.push(Home {
                lease: *lease,
                unit: *unit,
                ends: None,
            });
            settle(resident);
        }
        ResidentEvent::NoticeGiven { lease, ends } => {
            let homes = &mut happening.own::<Resident>()?.homes;
            for home in homes.iter_mut().filter(|home| home.lease == *lease) {
                home.ends = Some(*ends);
            }
        }
        ResidentEvent::MovedOut { lease, .. } => {
            let resident = happening.own::<Resident>()?;
            resident.homes.retain(|home| home.lease != *lease);
            settle(resident);
        }
        ResidentEvent::Erased { .. } => {
            let resident = happening.own::<Resident>()?;
            resident.erased = true;
            resident.name = None;
            resident.contact = None;
            resident.birth_date = None;
            resident.emergency_contacts.clear();
        }
    }
    Ok(())
}

/// What follows from where somebody who ever lived here lives now.
fn settle(resident: &mut Resident) {
    let latest = resident.homes.last();
    let status = if latest.is_some() { "current" } else { "past" };
    status.clone_into(&mut resident.status);
    resident.lease = latest.map(|home| home.lease);
    resident.unit = latest.map(|home| home.unit);
}

fn know(
    resident: &mut Resident,
    (name, contact): (&Personal<PersonName>, &Personal<Contact>),
    birth_date: Option<&Personal<NaiveDate>>,
    emergency_contacts: Option<&Personal<Vec<EmergencyContact>>>,
) {
    resident.erased = name.value().is_none();
    resident.name = name.value().cloned();
    resident.contact = contact.value().cloned();
    resident.birth_date = birth_date.and_then(Personal::value).copied();
    resident.emergency_contacts = emergency_contacts
        .and_then(Personal::value)
        .cloned()
        .unwrap_or_default();
}

pub(super) fn vendor(happening: &mut Happening<'_>, event: &VendorEvent) -> Result<(), Unknown> {
    match event {
        VendorEvent::Created {
            name,
            contact,
            trades,
            insured_through,
        } => happening.begins(Vendor {
            status: "active".to_owned(),
            name: name.value().cloned(),
            contact: contact.value().cloned(),
            trades: trades.clone(),
            insured_through: *insured_through,
            blocked_reason: None,
        }),
        VendorEvent::Updated {
            name,
            contact,
            trades,
            insured_through,
        } => {
            let vendor = happening.own::<Vendor>()?;
            vendor.name = name.value().cloned();
            vendor.contact = contact.value().cloned();
            vendor.trades.clone_from(trades);
            vendor.insured_through = *insured_through;
        }
        VendorEvent::Blocked { reason } => {
            let vendor = happening.own::<Vendor>()?;
            "blocked".clone_into(&mut vendor.status);
            vendor.blocked_reason = Some(reason.clone());
        }
        VendorEvent::Unblocked => {
            let vendor = happening.own::<Vendor>()?;
            "active".clone_into(&mut vendor.status);
            vendor.blocked_reason = None;
        }
        VendorEvent::InsuranceExpired { .. } => {}
    }
    Ok(())
}
