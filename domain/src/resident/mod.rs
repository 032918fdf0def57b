//! A resident: someone who rents, has rented or wants to. Public names call them tenant.
//!
//! Invariants: who lives somewhere is current; who ever lived somewhere and no longer does is past; the data of someone who
//! lives here is not erased; nothing is recorded about someone whose data was.

mod events;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{LeaseId, ResidentId, UnitId},
    input,
    input::InputRefusal,
    personal::{Contact, EmergencyContact, PersonName, Personal},
};

/// What can be asked of a resident.
#[derive(Debug, Clone, Serialize)]
pub enum ResidentCommand {
    /// Take up an applicant.
    Create {
        /// The id they get: their data is sealed under it.
        resident: ResidentId,
        /// What is known of them.
        profile: Profile,
    },
    /// Record what is known of them from now on.
    Update {
        /// Whom: their data is sealed under this id.
        resident: ResidentId,
        /// All of it.
        profile: Profile,
    },
    /// Erase their personal data for ever.
    Erase {
        /// On whose request, or under which rule.
        reason: String,
    },
}

/// What is known of a resident as a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The name.
    pub name: PersonName,
    /// How to reach them.
    pub contact: Contact,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Whom to call in an emergency.
    pub emergency_contacts: Vec<EmergencyContact>,
}

refusals! {
    /// Why a resident refused.
    pub enum ResidentRefusal {
        Absent "resident-absent" => Absent: "there is no such resident",
        State "resident-exists" => Exists: "the resident exists already",
        State "resident-erased" => Erased: "the resident's personal data was erased",
        State "resident-current" => Current { lease: LeaseId }: "the resident lives here under lease {lease}",
        State "resident-not-current" => NotCurrent { lease: LeaseId }: "the resident doesn't live here under lease {lease}",
    }
}

/// How far someone's renting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Wants to.
    Applicant,
    /// Does.
    Current,
    /// Did.
    Past,
}

/// What a decision about a resident reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    known: bool,
    erased: bool,
    lived_here: bool,
    homes: Vec<Home>,
}

/// Where a resident lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Home {
    lease: LeaseId,
    /// The day after the last, once they announced it.
    ends: Option<NaiveDate>,
}

impl Resident {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid.
    pub fn decide(&self, command: ResidentCommand, context: &Context) -> Result<Vec<ResidentEvent>, Refusal> {
        let event = match command {
            ResidentCommand::Create { resident, profile } => {
                if self.known {
                    return Err(ResidentRefusal::Exists.into());
                }
                created(resident, checked(profile, context)?)
            }
            ResidentCommand::Update { resident, profile } => {
                self.must_exist()?;
                updated(resident, checked(profile, context)?)
            }
            ResidentCommand::Erase { reason } => {
                self.must_exist()?;
                input::line("reason", &reason)?;
                if let Some(home) = self.homes.first() {
                    return Err(ResidentRefusal::Current { lease: home.lease }.into());
                }
                ResidentEvent::Erased { reason }
            }
        };
        Ok(vec![event])
    }

    /// A guard: there is such a resident, and their data was not erased.
    ///
    /// # Errors
    /// Refuses a resident that was never created, or was erased.
    pub fn must_exist(&self) -> Result<(), ResidentRefusal> {
        match (self.known, self.erased) {
            (false, _) => Err(ResidentRefusal::Absent),
            (true, true) => Err(ResidentRefusal::Erased),
            (true, false) => Ok(()),
        }
    }

    /// They move in under a lease: their part of its activation.
    ///
    /// # Errors
    /// Refuses a resident that is absent, erased, or lives here under this lease already.
    pub fn move_in(&self, lease: LeaseId, unit: UnitId, on: NaiveDate) -> Result<Vec<ResidentEvent>, ResidentRefusal> {
        self.must_exist()?;
        match self.home(lease) {
            Some(_) => Err(ResidentRefusal::Current { lease }),
            None => Ok(vec![ResidentEvent::MovedIn { lease, unit, on }]),
        }
    }

    /// Notice was given on a lease: their part of it. The same end again gives no event.
    ///
    /// # Errors
    /// Refuses a lease under which they don't live here.
    pub fn give_notice(&self, lease: LeaseId, ends: NaiveDate) -> Result<Vec<ResidentEvent>, ResidentRefusal> {
        let home = self.must_live_under(lease)?;
        if home.ends == Some(ends) {
            return Ok(vec![]);
        }
        Ok(vec![ResidentEvent::NoticeGiven { lease, ends }])
    }

    /// A lease ended: their part of it.
    ///
    /// # Errors
    /// Refuses a lease under which they don't live here.
    pub fn move_out(&self, lease: LeaseId, on: NaiveDate) -> Result<Vec<ResidentEvent>, ResidentRefusal> {
        self.must_live_under(lease)?;
        Ok(vec![ResidentEvent::MovedOut { lease, on }])
    }

    /// How far their renting has come; `None` before they were created.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        match (self.known, self.homes.is_empty(), self.lived_here) {
            (false, ..) => None,
            (true, false, _) => Some(Standing::Current),
            (true, true, true) => Some(Standing::Past),
            (true, true, false) => Some(Standing::Applicant),
        }
    }

    /// True once their personal data was erased.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.erased
    }

    fn home(&self, lease: LeaseId) -> Option<Home> {
        self.homes.iter().find(|home| home.lease == lease).copied()
    }

    fn must_live_under(&self, lease: LeaseId) -> Result<Home, ResidentRefusal> {
        if !self.known {
            return Err(ResidentRefusal::Absent);
        }
        self.home(lease).ok_or(ResidentRefusal::NotCurrent { lease })
    }

    #[expect(clippy::needless_pass_by_value, reason = "as of every aggregate")]
    fn evolve(&mut self, event: ResidentEvent) {
        match event {
            ResidentEvent::Created { .. } => self.known = true,
            ResidentEvent::Updated { .. } => {}
            ResidentEvent::MovedIn { lease, .. } => {
                self.lived_here = true;
                self.homes.push(Home { lease, ends: None });
            }
            ResidentEvent::NoticeGiven { lease, ends } => {
                for home in self.homes.iter_mut().filter(|home| home.lease == lease) {
                    home.ends = Some(ends);
                }
            }
            ResidentEvent::MovedOut { lease, .. } => self.homes.retain(|home| home.lease != lease),
            ResidentEvent::Erased { .. } => self.erased = true,
        }
    }
}

aggregate!(Resident of ResidentId, ResidentCommand gives ResidentEvent);

fn created(resident: ResidentId, profile: Profile) -> ResidentEvent {
    let (birth_date, emergency_contacts) = optional(resident, profile.birth_date, profile.emergency_contacts);
    ResidentEvent::Created {
        name: Personal::of(resident, profile.name),
        contact: Personal::of(resident, profile.contact),
        birth_date,
        emergency_contacts,
    }
}

fn updated(resident: ResidentId, profile: Profile) -> ResidentEvent {
    let (birth_date, emergency_contacts) = optional(resident, profile.birth_date, profile.emergency_contacts);
    ResidentEvent::Updated {
        name: Personal::of(resident, profile.name),
        contact: Personal::of(resident, profile.contact),
        birth_date,
        emergency_contacts,
    }
}

type Optional = (Option<Personal<NaiveDate>>, Option<Personal<Vec<EmergencyContact>>>);

fn optional(resident: ResidentId, birth_date: Option<NaiveDate>, contacts: Vec<EmergencyContact>) -> Optional {
    (
        birth_date.map(|date| Personal::of(resident, date)),
        (!contacts.is_empty()).then(|| Personal::of(resident, contacts)),
    )
}

/// The most people to call in an emergency.
const EMERGENCY_CONTACTS: usize = 10;

fn checked(profile: Profile, context: &Context) -> Result<Profile, Refusal> {
    input::person_name("name", &profile.name)?;
    input::contact(&profile.contact)?;
    if let Some(date) = profile.birth_date {
        input::date("birth_date", date)?;
        if date > context.effective_on {
            return Err(InputRefusal::Malformed {
                field: "birth_date",
                expected: "a day that is past",
            }
            .into());
        }
    }
    let count = profile.emergency_contacts.len();
    if count > EMERGENCY_CONTACTS {
        return Err(InputRefusal::TooMany {
            field: "emergency_contacts",
            count,
            limit: EMERGENCY_CONTACTS,
        }
        .into());
    }
    for person in &profile.emergency_contacts {
        input::line("emergency_contacts.name", &person.name)?;
        input::line("emergency_contacts.phone", &person.phone)?;
        input::line("emergency_contacts.relationship", &person.relationship)?;
    }
    Ok(profile)
}

#[cfg(test)]
mod tests;
