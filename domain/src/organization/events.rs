use crate::{ids::BankAccountId, settings::Settings};

events! {
    /// Facts about an organization.
    pub enum OrganizationEvent of "organization" {
        /// It began to keep its business here.
        "organization.created" v 1 => Created {
            /// The name it goes by.
            name: String,
            /// Its policies.
            settings: Settings,
            /// Where rents and costs go unless another account is named.
            operating_account: BankAccountId,
            /// Where deposits are held unless another account is named.
            deposit_account: BankAccountId,
        },
        /// Its policies changed.
        "organization.settings_changed" v 1 => SettingsChanged {
            /// All of them, as they are from now on.
            settings: Settings,
        },
        /// No commands are taken until it is reinstated.
        "organization.suspended" v 1 => Suspended {
            /// Why.
            reason: String,
        },
        /// Commands are taken again.
        "organization.reinstated" v 1 => Reinstated,
        /// It left; its history stays.
        "organization.closed" v 1 => Closed {
            /// Why.
            reason: String,
        },
    }
}
