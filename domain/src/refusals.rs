//! Refusals: which rule said no, with which values.

/// What kind of no it is; the API answers each kind with a status of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// There is no such thing.
    Absent,
    /// The thing's present state forbids it; another state would allow it.
    State,
    /// The request itself breaks a rule, whatever the state.
    Rule,
}

/// A refusal that a client can act on: its `Display` says what, its rule is stable across releases.
pub trait Refuse: std::error::Error {
    /// The stable name of the rule, such as `lease-overlaps`.
    fn rule(&self) -> &'static str;
    /// What kind of no it is.
    fn nature(&self) -> Nature;
}

/// A refusal enum whose rule, nature and words stand beside its variants, once.
macro_rules! refusals {
    (
        $(#[$doc:meta])*
        pub enum $enum:ident {
            $(
                $nature:ident $rule:literal => $variant:ident $({ $($field:ident: $type:ty),* $(,)? })? : $words:literal
            ),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[allow(missing_docs, reason = "the message says it")]
        pub enum $enum {
            $(
                #[error($words)]
                $variant $({ $($field: $type),* })?
            ),*
        }

        impl $crate::refusals::Refuse for $enum {
            fn rule(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $rule),* }
            }

            fn nature(&self) -> $crate::refusals::Nature {
                match self { $(Self::$variant { .. } => $crate::refusals::Nature::$nature),* }
            }
        }
    };
}

macro_rules! every_refusal {
    ($($(#[$doc:meta])* $variant:ident($type:ty)),* $(,)?) => {
        /// Any refusal of the domain: what a command is answered with when it may not be.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {
            $($(#[$doc])* #[error(transparent)] $variant(#[from] $type)),*
        }

        impl Refuse for Refusal {
            fn rule(&self) -> &'static str {
                match self { $(Self::$variant(refusal) => refusal.rule()),* }
            }

            fn nature(&self) -> Nature {
                match self { $(Self::$variant(refusal) => refusal.nature()),* }
            }
        }
    };
}

every_refusal! {
    /// Amounts that can't be reckoned with.
    Money(crate::money::MoneyError),
    /// Values that can't be recorded.
    Input(crate::input::InputRefusal),
    /// What an organization refuses.
    Organization(crate::organization::OrganizationRefusal),
    /// What a bank account refuses.
    BankAccount(crate::bank_account::BankAccountRefusal),
    /// What a property refuses.
    Property(crate::property::PropertyRefusal),
    /// What a unit refuses.
    Unit(crate::unit::UnitRefusal),
    /// What a clock refuses.
    Clock(crate::clock::ClockRefusal),
    /// What a lease refuses.
    Lease(crate::lease::LeaseRefusal),
    /// What a resident refuses.
    Resident(crate::resident::ResidentRefusal),
    /// What a lease's account refuses.
    Account(crate::lease::AccountRefusal),
    /// What a claim refuses.
    Claim(crate::claim::ClaimRefusal),
    /// What a deposit refuses.
    Deposit(crate::deposit::DepositRefusal),
    /// What a payment refuses.
    Payment(crate::payment::PaymentRefusal),
    /// What a vendor refuses.
    Vendor(crate::vendor::VendorRefusal),
    /// What a maintenance request refuses.
    MaintenanceRequest(crate::maintenance_request::RequestRefusal),
    /// What a work order refuses.
    WorkOrder(crate::work_order::WorkOrderRefusal),
}
