//! The work that every peer does: a vendor is taken on, blocked and unblocked. One decision and one event for all of them; what
//! differs is only what a library asks to be derived or implemented.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// How many commands one vendor gets before the client goes on to the next: it is created, then blocked and unblocked in turn.
pub const COMMANDS_PER_VENDOR: usize = 20;

const REASON: &str = "The certificate of liability insurance ran out, and a new one was asked for by letter and twice by \
    telephone; no work may be given out until it is here and has been checked";
const NOTE: &str = "The new certificate of liability insurance has come by post, covers the whole of the coming year and \
    has been checked with the insurer; work may be given out again from today on";

/// What is asked of one vendor.
#[derive(Debug, Clone)]
pub struct VendorCommand {
    /// Which.
    pub vendor_id: Uuid,
    /// What.
    pub action: Action,
}

/// What can be asked of a vendor.
#[derive(Debug, Clone)]
pub enum Action {
    /// Take it on.
    Create(Profile),
    /// Stop working with it.
    Block {
        /// Why.
        reason: String,
    },
    /// Work with it again.
    Unblock {
        /// What has changed.
        note: String,
    },
}

/// What is known of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The name on its invoices.
    pub name: String,
    /// Where it writes from.
    pub email: String,
    /// Where it is called.
    pub phone: String,
    /// What it does.
    pub trades: Vec<String>,
}

impl VendorCommand {
    /// The command at this place, from zero, in a vendor's life.
    #[must_use]
    pub fn nth(vendor_id: Uuid, place: usize) -> Self {
        let action = match place {
            0 => Action::Create(Profile {
                name: "Northside Plumbing and Heating Services Ltd.".into(),
                email: "dispatch@northside-plumbing.example".into(),
                phone: "+1 212 555 0142".into(),
                trades: vec!["plumbing".into(), "hvac".into(), "electrical".into()],
            }),
            place if place % 2 == 1 => Action::Block { reason: REASON.into() },
            _ => Action::Unblock { note: NOTE.into() },
        };
        Self { vendor_id, action }
    }
}

/// What happened to a vendor: about 250 bytes of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, disintegrate::Event, es_entity::EsEvent)]
#[es_event(id = "Uuid")]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VendorEvent {
    /// It was taken on.
    Created {
        /// Which.
        #[id]
        vendor_id: Uuid,
        /// What is known of it.
        profile: Profile,
    },
    /// It gets no more work.
    Blocked {
        /// Which.
        #[id]
        vendor_id: Uuid,
        /// Why.
        reason: String,
    },
    /// It gets work again.
    Unblocked {
        /// Which.
        #[id]
        vendor_id: Uuid,
        /// What has changed.
        note: String,
    },
}

impl VendorEvent {
    /// The name it is stored under.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "vendor.created",
            Self::Blocked { .. } => "vendor.blocked",
            Self::Unblocked { .. } => "vendor.unblocked",
        }
    }
}

/// Why a vendor refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is not there.
    #[error("there is no such vendor")]
    Absent,
    /// It is there already.
    #[error("the vendor exists already")]
    Exists,
    /// It is blocked already.
    #[error("the vendor is blocked")]
    Blocked,
    /// It isn't blocked.
    #[error("the vendor is not blocked")]
    NotBlocked,
}

/// What a decision about a vendor reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorState {
    known: bool,
    blocked: bool,
}

impl VendorState {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses to create what exists, to change what doesn't, and to do what is done.
    pub fn decide(self, command: VendorCommand) -> Result<VendorEvent, Refusal> {
        let vendor_id = command.vendor_id;
        match (command.action, self.known, self.blocked) {
            (Action::Create(profile), false, _) => Ok(VendorEvent::Created { vendor_id, profile }),
            (Action::Create(_), true, _) => Err(Refusal::Exists),
            (_, false, _) => Err(Refusal::Absent),
            (Action::Block { reason }, true, false) => Ok(VendorEvent::Blocked { vendor_id, reason }),
            (Action::Block { .. }, true, true) => Err(Refusal::Blocked),
            (Action::Unblock { note }, true, true) => Ok(VendorEvent::Unblocked { vendor_id, note }),
            (Action::Unblock { .. }, true, false) => Err(Refusal::NotBlocked),
        }
    }

    /// The vendor after an event.
    pub fn apply(&mut self, event: &VendorEvent) {
        match event {
            VendorEvent::Created { .. } => self.known = true,
            VendorEvent::Blocked { .. } => self.blocked = true,
            VendorEvent::Unblocked { .. } => self.blocked = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_accepts_the_commands_of_its_life_in_their_order_only() {
        let mut vendor = VendorState::default();
        assert_eq!(vendor.decide(VendorCommand::nth(Uuid::nil(), 1)), Err(Refusal::Absent));
        for place in 0..COMMANDS_PER_VENDOR {
            let event = vendor.decide(VendorCommand::nth(Uuid::nil(), place)).unwrap();
            vendor.apply(&event);
            assert!(
                vendor.decide(VendorCommand::nth(Uuid::nil(), place)).is_err(),
                "command {place} twice"
            );
        }
    }

    #[test]
    fn every_event_is_about_250_bytes_of_json() {
        let mut vendor = VendorState::default();
        for place in 0..3 {
            let event = vendor.decide(VendorCommand::nth(Uuid::nil(), place)).unwrap();
            let bytes = serde_json::to_vec(&event).unwrap().len();
            assert!((240..=260).contains(&bytes), "{} has {bytes} bytes", event.name());
            vendor.apply(&event);
        }
    }
}
