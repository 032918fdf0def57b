use chrono::NaiveDate;

use crate::{
    ids::{LeaseId, UnitId},
    personal::{Contact, EmergencyContact, PersonName, Personal},
};

events! {
    /// Facts about a resident. Their public names say `tenant`.
    pub enum ResidentEvent of "tenant" {
        /// Became known, as an applicant.
        "tenant.created" v 1 => Created {
            /// The name.
            name: Personal<PersonName>,
            /// How to reach them.
            contact: Personal<Contact>,
            /// Date of birth.
            birth_date: Option<Personal<NaiveDate>>,
            /// Whom to call in an emergency.
            emergency_contacts: Option<Personal<Vec<EmergencyContact>>>,
        },
        /// What is known of them changed.
        "tenant.updated" v 1 => Updated {
            /// The name.
            name: Personal<PersonName>,
            /// How to reach them.
            contact: Personal<Contact>,
            /// Date of birth.
            birth_date: Option<Personal<NaiveDate>>,
            /// Whom to call in an emergency.
            emergency_contacts: Option<Personal<Vec<EmergencyContact>>>,
        },
        /// Moved into a unit.
        "tenant.moved_in" v 1 => MovedIn {
            /// Under this lease.
            lease: LeaseId,
            /// The unit.
            unit: UnitId,
            /// The first day.
            on: NaiveDate,
        },
        /// Announced that they leave.
        "tenant.notice_given" v 1 => NoticeGiven {
            /// The lease that ends.
            lease: LeaseId,
            /// The day after the last.
            ends: NaiveDate,
        },
        /// Moved out of a unit.
        "tenant.moved_out" v 1 => MovedOut {
            /// The lease that ended.
            lease: LeaseId,
            /// The day after the last.
            on: NaiveDate,
        },
        /// Their personal data was erased: projections forget it, the key is deleted.
        "tenant.erased" v 1 => Erased {
            /// On whose request, or under which rule.
            reason: String,
        },
    }
}
