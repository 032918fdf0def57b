//! Typed identifiers: a vendor can never be passed where a unit is meant.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A bank account that holds the organization's or its residents' money.
    BankAccountId,
    /// One amount that a resident owes on a lease.
    ChargeId,
    /// A key that may be taken once, such as a payer's reference.
    ClaimId,
    /// The organization's clock.
    ClockId,
    /// One command, however often it is sent.
    CommandId,
    /// A reduction granted on a charge.
    ConcessionId,
    /// Money a lease has in its favour: the id of the payment it came from, or one of its own for an opening balance.
    CreditId,
    /// Money held as security for a lease.
    DepositId,
    /// An agreement to rent a unit.
    LeaseId,
    /// A business that manages properties: `tenant_id` in the log.
    OrganizationId,
    /// One receipt of money.
    PaymentId,
    /// Someone whose data can be erased: the id of the resident, vendor or user that the data is about.
    PersonId,
    /// A building or a group of them under one address.
    PropertyId,
    /// A charge that a lease posts every month beside the rent.
    RecurringId,
    /// A maintenance request.
    RequestId,
    /// Someone who rents: called tenant in the public names only.
    ResidentId,
    /// A rentable unit.
    UnitId,
    /// Someone who signs in.
    UserId,
    /// A company or person that does repairs.
    VendorId,
    /// One repair.
    WorkOrderId,
}

impl CommandId {
    /// The `n`th id that this command gives out: the same command given again gives the same ids.
    #[must_use]
    pub fn derive(self, n: u32) -> uuid::Uuid {
        uuid::Uuid::new_v5(&self.0, &n.to_be_bytes())
    }
}

impl From<ResidentId> for PersonId {
    fn from(id: ResidentId) -> Self {
        Self(id.0)
    }
}

impl From<VendorId> for PersonId {
    fn from(id: VendorId) -> Self {
        Self(id.0)
    }
}

impl From<PaymentId> for CreditId {
    fn from(id: PaymentId) -> Self {
        Self(id.0)
    }
}
