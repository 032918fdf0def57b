//! A claim: a key that only one thing may have, such as a payer's mark on a receipt.
//!
//! Invariant: a key has one holder at a time; only its holder can give it up.

mod events;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{ClaimId, OrganizationId},
};

/// What can be asked of a claim.
#[derive(Debug, Clone, Serialize)]
pub enum ClaimCommand {
    /// Take the key.
    Make {
        /// What kind of key: `payment_reference`.
        scope: String,
        /// What takes it.
        holder: Uuid,
    },
    /// Give it up.
    Release {
        /// What has it.
        holder: Uuid,
    },
}

refusals! {
    /// Why a claim was refused.
    pub enum ClaimRefusal {
        State "claim-taken" => Taken { holder: Uuid }: "{holder} has that already",
        State "claim-not-held" => NotHeld { holder: Uuid }: "{holder} does not have that",
    }
}

/// Who has the key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Nobody.
    #[default]
    Free,
    /// One thing.
    Held {
        /// Which.
        holder: Uuid,
    },
}

impl ClaimId {
    /// The claim on a key, within one organization: the words that name it, none with a control character.
    #[must_use]
    pub fn of(organization: OrganizationId, key: &[&str]) -> Self {
        Self(Uuid::new_v5(&organization.0, key.join("\0").as_bytes()))
    }
}

impl Claim {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses a key that something has already, and to give up what one doesn't have.
    pub fn decide(&self, command: ClaimCommand, _: &Context) -> Result<Vec<ClaimEvent>, Refusal> {
        let event = match (*self, command) {
            (Self::Free, ClaimCommand::Make { scope, holder }) => ClaimEvent::Made { scope, holder },
            (Self::Held { holder }, ClaimCommand::Make { .. }) => return Err(ClaimRefusal::Taken { holder }.into()),
            (Self::Held { holder: by }, ClaimCommand::Release { holder }) if by == holder => {
                ClaimEvent::Released { holder }
            }
            (_, ClaimCommand::Release { holder }) => return Err(ClaimRefusal::NotHeld { holder }.into()),
        };
        Ok(vec![event])
    }

    /// Who has the key, if anybody.
    #[must_use]
    pub fn holder(self) -> Option<Uuid> {
        match self {
            Self::Free => None,
            Self::Held { holder } => Some(holder),
        }
    }

    fn is_held(self) -> bool {
        self.holder().is_some()
    }

    #[expect(clippy::needless_pass_by_value, reason = "as every aggregate takes its facts")]
    fn evolve(&mut self, event: ClaimEvent) {
        *self = match event {
            ClaimEvent::Made { holder, .. } => Self::Held { holder },
            ClaimEvent::Released { .. } => Self::Free,
        };
    }
}

aggregate!(Claim of ClaimId, ClaimCommand gives ClaimEvent, at rest once is_held);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::Root;

    const FIRST: Uuid = Uuid::from_u128(1);
    const SECOND: Uuid = Uuid::from_u128(2);

    fn make(holder: Uuid) -> ClaimCommand {
        let scope = "payment_reference".to_owned();
        ClaimCommand::Make { scope, holder }
    }

    fn made(holder: Uuid) -> ClaimEvent {
        let scope = "payment_reference".to_owned();
        ClaimEvent::Made { scope, holder }
    }

    fn given(history: Vec<ClaimEvent>) -> cqrs_es::test::AggregateTestExecutor<Claim> {
        TestFramework::with(Context::sample()).given(history)
    }

    #[test]
    fn a_key_is_taken_by_the_first_and_again_once_it_is_given_up() {
        given(vec![]).when(make(FIRST)).then_expect_events(vec![made(FIRST)]);
        given(vec![made(FIRST)])
            .when(ClaimCommand::Release { holder: FIRST })
            .then_expect_events(vec![ClaimEvent::Released { holder: FIRST }]);
        given(vec![made(FIRST), ClaimEvent::Released { holder: FIRST }])
            .when(make(SECOND))
            .then_expect_events(vec![made(SECOND)]);
    }

    #[test]
    fn a_claim_is_at_rest_while_it_is_held() {
        let released = ClaimEvent::Released { holder: FIRST };
        let states =
            [vec![], vec![made(FIRST)], vec![made(FIRST), released]].map(|facts| Claim::default().after(&facts));
        assert_eq!(states.map(|claim| claim.is_at_rest()), [false, true, false]);
    }

    #[test]
    fn a_key_that_is_held_is_refused_with_its_holder() {
        given(vec![made(FIRST)])
            .when(make(SECOND))
            .then_expect_error(ClaimRefusal::Taken { holder: FIRST }.into());
    }

    #[test]
    fn only_the_holder_gives_a_key_up() {
        let refusal = || ClaimRefusal::NotHeld { holder: SECOND }.into();
        let release = || ClaimCommand::Release { holder: SECOND };
        given(vec![made(FIRST)]).when(release()).then_expect_error(refusal());
        given(vec![]).when(release()).then_expect_error(refusal());
    }

    #[test]
    fn the_holder_is_known() {
        let mut claim = Claim::default();
        assert_eq!(claim.holder(), None);
        claim.evolve(made(FIRST));
        assert_eq!(claim.holder(), Some(FIRST));
    }

    #[test]
    fn keys_of_different_words_or_organizations_are_different() {
        let (here, there) = (OrganizationId(FIRST), OrganizationId(SECOND));
        assert_eq!(ClaimId::of(here, &["ab", "c"]), ClaimId::of(here, &["ab", "c"]));
        assert_ne!(ClaimId::of(here, &["ab", "c"]), ClaimId::of(here, &["a", "bc"]));
        assert_ne!(ClaimId::of(here, &["ab", "c"]), ClaimId::of(there, &["ab", "c"]));
    }
}
