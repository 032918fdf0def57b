//! The states that lists can be asked for, by the names that the directory gives them.

use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident: $($state:literal)+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(&'static str);

        impl $name {
            const ALL: &'static [&'static str] = &[$($state),+];
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let known = Self::ALL.iter().find(|state| **state == text);
                known.map(|state| Self(state)).ok_or_else(|| D::Error::unknown_variant(&text, Self::ALL))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::ALL.iter().copied())).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

states! {
    /// Of a property.
    PropertyState: "active" "offboarded";
    /// Of a unit.
    UnitState: "ready" "occupied" "on_notice" "turning" "offline";
    /// Of a resident.
    ResidentState: "applicant" "current" "past";
    /// Of a lease.
    LeaseState: "draft" "signed" "active" "month_to_month" "on_notice" "ended" "settled" "voided";
    /// Of a charge.
    ChargeState: "open" "paid";
    /// Of a payment.
    PaymentState: "initiated" "processing" "completed" "deposited" "failed" "voided" "returned" "disputed" "refunded";
    /// Of a bank account.
    BankAccountState: "open" "closed";
    /// Of a maintenance request.
    RequestState: "submitted" "triaged" "converted" "declined" "resolved" "reopened";
    /// Of a work order.
    WorkOrderState: "new" "estimate_requested" "estimated" "assigned" "scheduled" "waiting" "work_done" "ready_to_bill"
        "completed" "cancelled";
    /// Of a vendor.
    VendorState: "active" "blocked";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<UnitState, serde::de::value::Error> {
        UnitState::deserialize(serde::de::value::StrDeserializer::new(text))
    }

    #[test]
    fn a_state_that_there_is_none_of_is_refused_with_those_that_there_are() {
        assert_eq!(read("on_notice").unwrap().to_string(), "on_notice");
        let refused = read("On_notice").unwrap_err().to_string();
        assert!(
            refused.contains("`On_notice`") && refused.contains("`turning`"),
            "{refused}"
        );
    }
}
