//! A vendor: who may be sent to a repair.
//!
//! Invariants: a blocked vendor is neither assigned nor paid; the end of one insurance is recorded once.

mod events;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::VendorId,
    input,
    personal::{Contact, Personal},
};

/// What can be asked of a vendor.
#[derive(Debug, Clone, Serialize)]
pub enum VendorCommand {
    /// Take it on.
    Create {
        /// The id it gets: its data is sealed under it.
        vendor: VendorId,
        /// What is known of it.
        profile: VendorProfile,
    },
    /// Record what is known of it from now on.
    Update {
        /// Which: its data is sealed under this id.
        vendor: VendorId,
        /// All of it.
        profile: VendorProfile,
    },
    /// Stop working with it.
    Block {
        /// Why, for whoever asks later.
        reason: String,
    },
    /// Work with it again.
    Unblock,
}

/// What is known of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorProfile {
    /// The name on its invoices.
    pub name: String,
    /// How to reach it.
    pub contact: Contact,
    /// What it does: `plumbing`, `hvac`.
    pub trades: Vec<String>,
    /// The last day on which its liability insurance covers it, if that is known.
    pub insured_through: Option<NaiveDate>,
}

refusals! {
    /// Why a vendor refused.
    pub enum VendorRefusal {
        Absent "vendor-absent" => Absent: "there is no such vendor",
        State "vendor-exists" => Exists: "the vendor exists already",
        State "vendor-blocked" => Blocked { reason: String }: "the vendor is blocked: {reason}",
        State "vendor-not-blocked" => NotBlocked: "the vendor is not blocked",
    }
}

/// What a decision about a vendor reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    known: bool,
    blocked: Option<String>,
    insured_through: Option<NaiveDate>,
    /// The end of an insurance that was recorded as over.
    expiry_recorded: Option<NaiveDate>,
}

impl Vendor {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid.
    pub fn decide(&self, command: VendorCommand, _: &Context) -> Result<Vec<VendorEvent>, Refusal> {
        let event = match command {
            VendorCommand::Create { vendor, profile } => {
                if self.known {
                    return Err(VendorRefusal::Exists.into());
                }
                check(&profile)?;
                VendorEvent::Created {
                    name: Personal::of(vendor, profile.name),
                    contact: Personal::of(vendor, profile.contact),
                    trades: profile.trades,
                    insured_through: profile.insured_through,
                }
            }
            VendorCommand::Update { vendor, profile } => {
                self.must_exist()?;
                check(&profile)?;
                VendorEvent::Updated {
                    name: Personal::of(vendor, profile.name),
                    contact: Personal::of(vendor, profile.contact),
                    trades: profile.trades,
                    insured_through: profile.insured_through,
                }
            }
            VendorCommand::Block { reason } => {
                self.must_be_active()?;
                input::line("reason", &reason)?;
                VendorEvent::Blocked { reason }
            }
            VendorCommand::Unblock => {
                self.must_exist()?;
                if self.blocked.is_none() {
                    return Err(VendorRefusal::NotBlocked.into());
                }
                VendorEvent::Unblocked
            }
        };
        Ok(vec![event])
    }

    /// What the clock finds on a day: the insurance ran out before it, and nobody has recorded that yet.
    #[must_use]
    pub fn insurance_expiry(&self, today: NaiveDate) -> Option<VendorEvent> {
        let insured_through = self.insured_through.filter(|last| *last < today)?;
        (self.expiry_recorded != Some(insured_through)).then_some(VendorEvent::InsuranceExpired { insured_through })
    }

    /// A guard for decisions of other aggregates: there is such a vendor, and it may be assigned and paid.
    ///
    /// # Errors
    /// Refuses a vendor that does not exist or is blocked.
    pub fn must_be_active(&self) -> Result<(), VendorRefusal> {
        self.must_exist()?;
        match &self.blocked {
            Some(reason) => Err(VendorRefusal::Blocked { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    fn must_exist(&self) -> Result<(), VendorRefusal> {
        if self.known { Ok(()) } else { Err(VendorRefusal::Absent) }
    }

    fn evolve(&mut self, event: VendorEvent) {
        match event {
            VendorEvent::Created { insured_through, .. } | VendorEvent::Updated { insured_through, .. } => {
                self.known = true;
                self.insured_through = insured_through;
            }
            VendorEvent::Blocked { reason } => self.blocked = Some(reason),
            VendorEvent::Unblocked => self.blocked = None,
            VendorEvent::InsuranceExpired { insured_through } => self.expiry_recorded = Some(insured_through),
        }
    }
}

aggregate!(Vendor of VendorId, VendorCommand gives VendorEvent);

fn check(profile: &VendorProfile) -> Result<(), Refusal> {
    input::line("name", &profile.name)?;
    input::contact(&profile.contact)?;
    input::list("trades", &profile.trades)?;
    if let Some(last) = profile.insured_through {
        input::date("insured_through", last)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
