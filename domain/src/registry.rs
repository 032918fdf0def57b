//! The one list of aggregates. Relay, projectors, replay and the schema test all read it.

use std::borrow::Cow;

use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use schemars::{Schema, schema_for};

use crate::event::EventSet;

macro_rules! aggregates {
    ($($module:ident :: $event:ident as $aggregate:ident),* $(,)?) => {
        /// A fact of any aggregate, as a projector receives it.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum AnyEvent {
            $(
                #[doc = concat!("A fact about a `", stringify!($module), "`.")]
                $aggregate(crate::$module::$event)
            ),*
        }

        /// Each aggregate type with the stored names and versions of its events.
        pub const AGGREGATES: &[(&str, &[(&str, u32)])] = &[
            $((<crate::$module::$event as EventSet>::AGGREGATE, <crate::$module::$event as EventSet>::KINDS)),*
        ];

        impl AnyEvent {
            fn from_current(aggregate_type: &str, payload: &str) -> Result<Self, DecodeError> {
                match aggregate_type {
                    $(<crate::$module::$event as EventSet>::AGGREGATE => Ok(Self::$aggregate(serde_json::from_str(payload)?)),)*
                    _ => Err(DecodeError::UnknownAggregate(aggregate_type.to_owned())),
                }
            }

            /// The name under which the event is stored.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$aggregate(event) => event.name()),* }
            }

            /// The stored name of the aggregate it is of.
            #[must_use]
            pub fn aggregate_type(&self) -> &'static str {
                match self { $(Self::$aggregate(_) => <crate::$module::$event as EventSet>::AGGREGATE),* }
            }
        }

        $(
            impl From<crate::$module::$event> for AnyEvent {
                fn from(event: crate::$module::$event) -> Self {
                    Self::$aggregate(event)
                }
            }
        )*

        /// The JSON Schema of all events of each aggregate type.
        #[must_use]
        pub fn schemas() -> Vec<(&'static str, Schema)> {
            vec![$((<crate::$module::$event as EventSet>::AGGREGATE, schema_for!(crate::$module::$event))),*]
        }
    };
}

aggregates! {
    bank_account::BankAccountEvent as BankAccount,
    claim::ClaimEvent as Claim,
    clock::ClockEvent as Clock,
    deposit::DepositEvent as Deposit,
    lease::LeaseEvent as Lease,
    maintenance_request::MaintenanceRequestEvent as MaintenanceRequest,
    organization::OrganizationEvent as Organization,
    payment::PaymentEvent as Payment,
    property::PropertyEvent as Property,
    resident::ResidentEvent as Resident,
    unit::UnitEvent as Unit,
    vendor::VendorEvent as Vendor,
    work_order::WorkOrderEvent as WorkOrder,
}

/// Why a stored event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The aggregate type stands in no list here.
    #[error("no aggregate is registered as `{0}`")]
    UnknownAggregate(String),
    /// The event stands in no list here, or in a version that no upcaster knows.
    #[error("version {version} of `{event_type}` is not known")]
    UnknownEvent {
        /// The stored name.
        event_type: String,
        /// The stored version.
        version: u32,
    },
    /// The payload lacks a field or has one of another type.
    #[error("payload does not match its schema: {0}")]
    Payload(#[from] serde_json::Error),
}

/// Reads stored events of every version ever released.
#[derive(Default)]
pub struct Decoder {
    upcasters: Vec<Box<dyn EventUpcaster>>,
}

impl Decoder {
    /// The event as the current code knows it, old versions brought up to date first.
    ///
    /// # Errors
    /// Refuses an aggregate type, an event or a version outside the registry, and a payload outside its schema.
    pub fn decode(
        &self,
        aggregate_type: &str,
        event_type: &str,
        version: u32,
        payload: &str,
    ) -> Result<AnyEvent, DecodeError> {
        let (_, kinds) = AGGREGATES
            .iter()
            .find(|(name, _)| *name == aggregate_type)
            .ok_or_else(|| DecodeError::UnknownAggregate(aggregate_type.to_owned()))?;
        let current = self.current(aggregate_type, kinds, event_type, version, payload)?;
        AnyEvent::from_current(aggregate_type, &current)
    }

    /// The same for an event of an aggregate that the caller knows.
    ///
    /// # Errors
    /// Refuses an event or a version outside the registry, and a payload outside its schema.
    pub fn decode_as<E: EventSet>(&self, event_type: &str, version: u32, payload: &str) -> Result<E, DecodeError> {
        let current = self.current(E::AGGREGATE, E::KINDS, event_type, version, payload)?;
        Ok(serde_json::from_str(&current)?)
    }

    fn current<'p>(
        &self,
        aggregate_type: &str,
        kinds: &[(&str, u32)],
        event_type: &str,
        version: u32,
        payload: &'p str,
    ) -> Result<Cow<'p, str>, DecodeError> {
        if kinds.contains(&(event_type, version)) {
            return Ok(Cow::Borrowed(payload));
        }
        let stored = SerializedEvent::new(
            String::new(),
            0,
            aggregate_type.to_owned(),
            event_type.to_owned(),
            version.to_string(),
            serde_json::from_str(payload)?,
            serde_json::Value::Null,
        );
        let current = self.upcasters.iter().fold(stored, |event, upcaster| {
            if upcaster.can_upcast(&event.event_type, &event.event_version) {
                upcaster.upcast(event)
            } else {
                event
            }
        });
        if kinds
            .iter()
            .any(|(name, known)| *name == current.event_type && known.to_string() == current.event_version)
        {
            Ok(Cow::Owned(current.payload.to_string()))
        } else {
            Err(DecodeError::UnknownEvent {
                event_type: event_type.to_owned(),
                version,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(aggregate_type: &str, event_type: &str, version: u32, payload: &str) -> Result<AnyEvent, DecodeError> {
        Decoder::default().decode(aggregate_type, event_type, version, payload)
    }

    #[test]
    fn a_stored_event_is_read_back() {
        let payload = r#"{"type":"vendor.blocked","reason":"no insurance"}"#;
        let event = decode("vendor", "vendor.blocked", 1, payload).unwrap();
        assert_eq!(event.name(), "vendor.blocked");
    }

    #[test]
    fn an_event_is_read_as_that_of_its_aggregate() {
        let payload = r#"{"type":"vendor.blocked","reason":"no insurance"}"#;
        let decoder = Decoder::default();
        let event: crate::vendor::VendorEvent = decoder.decode_as("vendor.blocked", 1, payload).unwrap();
        assert_eq!(event.name(), "vendor.blocked");
        let of_another = decoder.decode_as::<crate::lease::LeaseEvent>("vendor.blocked", 1, payload);
        assert!(matches!(of_another, Err(DecodeError::UnknownEvent { .. })));
    }

    #[test]
    fn what_the_registry_does_not_know_is_refused() {
        let refused = |aggregate_type, event_type, version| {
            decode(aggregate_type, event_type, version, "{}")
                .unwrap_err()
                .to_string()
        };
        assert_eq!(refused("boat", "boat.sunk", 1), "no aggregate is registered as `boat`");
        assert_eq!(
            refused("vendor", "vendor.sunk", 1),
            "version 1 of `vendor.sunk` is not known"
        );
        assert_eq!(
            refused("vendor", "vendor.blocked", 9),
            "version 9 of `vendor.blocked` is not known"
        );
    }

    #[test]
    fn a_payload_without_its_fields_is_refused() {
        let error = decode("vendor", "vendor.blocked", 1, r#"{"type":"vendor.blocked"}"#).unwrap_err();
        assert!(matches!(error, DecodeError::Payload(_)));
    }

    #[test]
    fn no_event_name_is_used_twice() {
        let mut names: Vec<_> = AGGREGATES
            .iter()
            .flat_map(|(_, kinds)| *kinds)
            .map(|(name, _)| *name)
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
