use uuid::Uuid;

events! {
    /// Facts about a claim: a key that only one thing may have. Its id is `UUIDv5` of the key.
    pub enum ClaimEvent of "claim" {
        /// Something took the key.
        "claim.made" v 1 => Made {
            /// What kind of key: `payment_reference`.
            scope: String,
            /// What took it.
            holder: Uuid,
        },
        /// The key is free again.
        "claim.released" v 1 => Released {
            /// What had it.
            holder: Uuid,
        },
    }
}
