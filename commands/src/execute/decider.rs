//! From a command to what is to be written: the same for whatever writes it.

use domain::{Refusal, organization::Organization, registry::Decoder};
use std::sync::Arc;
use store::{personal::PersonalData, secrets::HashKey};

use super::{
    Command, ExecuteError, InternalError, Invocation, canonical, seal,
    work::{Outgoing, Work},
};
use crate::log::NewCommand;

/// What deciding needs beside the states: the keys of this installation, and who reads events.
pub(super) struct Decider {
    pub(super) personal: PersonalData,
    hash_key: HashKey,
    pub(super) decoder: Decoder,
}

/// What a command comes to.
pub(super) struct Decided {
    /// For the log.
    pub(super) command: NewCommand,
    /// Its events again, with the places they will have.
    pub(super) events: Vec<Outgoing>,
}

impl Decider {
    pub(super) fn new(personal: PersonalData, hash_key: HashKey) -> Self {
        Self {
            personal,
            hash_key,
            decoder: Decoder::default(),
        }
    }

    /// Name, actor and body; and the day, where the client named one.
    pub(super) fn hash<C: Command>(&self, invocation: &Invocation, command: &C) -> Result<Vec<u8>, InternalError> {
        let body = canonical::json(command)?;
        let day = canonical::json(&invocation.effective_on)?;
        let parts = [
            C::NAME.as_bytes(),
            invocation.actor.0.as_bytes(),
            body.as_bytes(),
            day.as_bytes(),
        ];
        Ok(self.hash_key.sign(parts))
    }

    /// Decides a command on the states that `work` brings.
    pub(super) async fn decide<C: Command>(
        &self,
        work: &mut Work<'_>,
        invocation: &Invocation,
        command: &C,
        hash: &[u8],
    ) -> Result<Decided, ExecuteError> {
        let organization = work.stream::<Organization>(invocation.organization).await?.state;
        if let Ok(settings) = organization.settings() {
            work.context = invocation.context(Arc::new(settings.clone()));
        }
        if !command.is_about_the_organization() {
            organization.must_be_active().map_err(Refusal::from)?;
        }
        let decided = command.decide(work).await;
        // Before what was decided: a client that is wrong about the state is told so, not what follows from it.
        if let Some(expected) = invocation.if_match {
            let actual = work.primary_sequence();
            if actual != expected {
                return Err(ExecuteError::PreconditionFailed { expected, actual });
            }
        }
        decided?;
        if let Some(error) = work.fault.take() {
            return Err(InternalError::Json(error).into());
        }
        if work.drafts.is_empty() {
            return Err(InternalError::Silent { command: C::NAME }.into());
        }
        let person_keys = seal::seal(&self.personal, work).await?;
        let events = work.take_events().map_err(InternalError::from)?;
        let command = NewCommand {
            organization: invocation.organization,
            command_id: invocation.command_id,
            command_hash: hash.to_vec(),
            metadata: invocation.metadata(work.context()),
            expectations: work.expectations(),
            events: events.iter().map(|outgoing| outgoing.event.clone()).collect(),
            person_keys,
        };
        Ok(Decided { command, events })
    }
}
