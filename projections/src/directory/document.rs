//! What a list and a detail page show of each thing.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    bank_account::BankPurpose,
    deposit::DepositPurpose,
    ids::{
        BankAccountId, DepositId, LeaseId, PropertyId, RecurringId, RequestId, ResidentId, UnitId, VendorId,
        WorkOrderId,
    },
    lease::{ChargeKind, CreditSource, Terms},
    maintenance_request::{Deadlines, Priority},
    money::Money,
    payment::{Designation, Method},
    personal::{Contact, EmergencyContact, PersonName},
    property::PropertyDetails,
    settings::Settings,
    span::Span,
    unit::UnitDetails,
    work_order::SlaClock,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The present state of one kind of thing.
pub trait Document: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// The name of the kind, as the database keeps it.
    const KIND: &'static str;
    /// Whether lists of it show the newest first.
    const NEWEST_FIRST: bool = false;

    /// Where it stands in lists of its kind.
    fn sort(&self) -> String;
    /// What lists of its kind are filtered by.
    fn facets(&self) -> Vec<String>;
    /// This document in an entry, if the entry is of this kind.
    fn of(any: &mut AnyDocument) -> Option<&mut Self>;
    /// As the document of an entry.
    fn into_any(self) -> AnyDocument;
}

macro_rules! documents {
    ($($name:ident as $kind:literal),* $(,)?) => {
        /// A document of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum AnyDocument {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name(Box<$name>)
            ),*
        }

        impl AnyDocument {
            pub(super) fn read(kind: &str, json: &str) -> Result<Option<Self>, serde_json::Error> {
                match kind {
                    $($kind => Ok(Some(Self::$name(serde_json::from_str(json)?))),)*
                    _ => Ok(None),
                }
            }

            pub(super) fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind),* }
            }

            pub(super) fn sort(&self) -> String {
                match self { $(Self::$name(document) => document.sort()),* }
            }

            pub(super) fn facets(&self) -> Vec<String> {
                match self { $(Self::$name(document) => document.facets()),* }
            }

            pub(super) fn json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$name(document) => serde_json::to_string(document)),* }
            }
        }
    };
}

documents! {
    Organization as "organization",
    Property as "property",
    Unit as "unit",
    Resident as "resident",
    Vendor as "vendor",
    Lease as "lease",
    Charge as "charge",
    Credit as "credit",
    Payment as "payment",
    Deposit as "deposit",
    Request as "request",
    WorkOrder as "work_order",
    BankAccount as "bank_account",
}

macro_rules! document {
    ($name:ident as $kind:literal $(, newest first $newest:literal)?; |$this:ident| sort $sort:expr; facets [$($facet:expr),* $(,)?] $(, each $more:expr)?) => {
        impl Document for $name {
            const KIND: &'static str = $kind;
            $(const NEWEST_FIRST: bool = $newest;)?

            fn sort(&self) -> String {
                let $this = self;
                $sort
            }

            fn facets(&self) -> Vec<String> {
                let $this = self;
                #[allow(unused_mut, reason = "some kinds have no facets of a varying number")]
                let mut facets: Vec<String> = [$($facet),*].into_iter().flatten().collect();
                $(facets.extend($more);)?
                facets
            }

            fn of(any: &mut AnyDocument) -> Option<&mut Self> {
                match any {
                    AnyDocument::$name(document) => Some(document),
                    _ => None,
                }
            }

            fn into_any(self) -> AnyDocument {
                AnyDocument::$name(Box::new(self))
            }
        }
    };
}

/// A facet that a thing always has.
fn facet(name: &str, value: impl std::fmt::Display) -> Option<String> {
    Some(format!("{name}:{value}"))
}

/// A facet that a thing may lack.
fn maybe(name: &str, value: Option<impl std::fmt::Display>) -> Option<String> {
    value.map(|value| format!("{name}:{value}"))
}

/// An organization and its policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The name it goes by.
    pub name: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// Its policies.
    pub settings: Settings,
}
document!(Organization as "organization"; |it| sort it.name.to_lowercase(); facets [facet("status", &it.status)]);

/// A property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// `active` or `offboarded`.
    pub status: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: PropertyDetails,
    /// How many units it has.
    pub units: u32,
    /// The first day on which it is no longer managed.
    pub offboarded_on: Option<NaiveDate>,
}
document!(Property as "property"; |it| sort it.details.name.to_lowercase(); facets [facet("status", &it.status)]);

/// A unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// The property it is part of.
    pub property: PropertyId,
    /// `ready`, `occupied`, `on_notice`, `turning` or `offline`.
    pub status: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: UnitDetails,
    /// The first day on which it is offered for rent.
    pub available_on: Option<NaiveDate>,
    /// The rent asked for a month.
    pub asking_rent: Option<Money>,
    /// The lease under which it is lived in.
    pub occupied_under: Option<LeaseId>,
}
document!(Unit as "unit"; |it| sort by_number(&it.details.number);
    facets [facet("property", it.property), facet("status", &it.status)]);

/// Unit 9 stands before unit 10: runs of digits are padded.
fn by_number(number: &str) -> String {
    let mut sort = String::new();
    let mut digits = String::new();
    for character in number.to_lowercase().chars().chain([' ']) {
        if character.is_ascii_digit() {
            digits.push(character);
        } else {
            if !digits.is_empty() {
                sort.push_str(&format!("{digits:0>8}"));
                digits.clear();
            }
            sort.push(character);
        }
    }
    sort
}

/// A resident; called tenant in the public names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resident {
    /// `applicant`, `current` or `past`.
    pub status: String,
    /// True once the personal data is gone.
    pub erased: bool,
    /// The name, unless erased.
    pub name: Option<PersonName>,
    /// How to reach them, unless erased.
    pub contact: Option<Contact>,
    /// Date of birth, if known.
    pub birth_date: Option<NaiveDate>,
    /// Whom to call in an emergency.
    pub emergency_contacts: Vec<EmergencyContact>,
    /// The lease they live under; the latest, if they have several homes.
    pub lease: Option<LeaseId>,
    /// The unit they live in.
    pub unit: Option<UnitId>,
    /// Everywhere they live, by the day of moving in.
    pub homes: Vec<Home>,
}
document!(Resident as "resident";
    |it| sort it.name.as_ref().map(|name| format!("{} {}", name.family, name.given).to_lowercase()).unwrap_or_default();
    facets [facet("status", &it.status)],
    each it.homes.iter().flat_map(|home| [format!("unit:{}", home.unit), format!("lease:{}", home.lease)]));

/// Where a resident lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Home {
    /// Under this lease.
    pub lease: LeaseId,
    /// In this unit.
    pub unit: UnitId,
    /// The day after the last, once notice was given.
    pub ends: Option<NaiveDate>,
}

/// A vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Vendor {
    /// `active` or `blocked`.
    pub status: String,
    /// The name on its invoices, unless erased.
    pub name: Option<String>,
    /// How to reach it, unless erased.
    pub contact: Option<Contact>,
    /// What it does.
    pub trades: Vec<String>,
    /// The last day on which its liability insurance covers it, if that is known.
    pub insured_through: Option<NaiveDate>,
    /// Why it is blocked.
    pub blocked_reason: Option<String>,
}
document!(Vendor as "vendor"; |it| sort it.name.as_deref().unwrap_or_default().to_lowercase();
    facets [facet("status", &it.status)], each it.trades.iter().map(|trade| format!("trade:{trade}")));

/// A lease, with the sums of its account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The property of the unit.
    pub property: PropertyId,
    /// The unit.
    pub unit: UnitId,
    /// `draft`, `signed`, `active`, `month_to_month`, `on_notice`, `ended`, `settled` or `voided`.
    pub status: String,
    /// What was agreed last.
    #[serde(flatten)]
    pub terms: Terms,
    /// What is charged every month beside the rent.
    pub recurring: Vec<Recurring>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The day of moving in.
    pub activated_on: Option<NaiveDate>,
    /// The day on which notice was given.
    pub notice_given_on: Option<NaiveDate>,
    /// The day after the last, once it is certain.
    pub ends: Option<NaiveDate>,
    /// What is owed: open charges.
    pub owed: Money,
    /// What is in the residents' favour and unused.
    pub credit: Money,
    /// What is owed less what is in the residents' favour.
    pub balance: Money,
    /// The deposits that secure it.
    pub deposits: Vec<DepositId>,
}
document!(Lease as "lease", newest first true; |it| sort it.terms.term.from.to_string();
    facets [facet("property", it.property), facet("unit", it.unit), facet("status", &it.status)],
    each it.terms.residents.iter().map(|resident| format!("resident:{resident}")));

/// Something charged every month beside the rent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recurring {
    /// Its id.
    pub id: RecurringId,
    /// What for.
    pub kind: ChargeKind,
    /// In the words of the lease.
    pub description: String,
    /// For a whole month, tax included.
    pub amount: Money,
    /// The days it is charged for.
    pub span: Span,
}

/// Something owed on a lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// The lease.
    pub lease: LeaseId,
    /// The lease's property.
    pub property: PropertyId,
    /// Who owes it, jointly.
    pub residents: Vec<ResidentId>,
    /// What for.
    pub kind: ChargeKind,
    /// In words a resident understands.
    pub description: String,
    /// How much, tax included.
    pub amount: Money,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The days it is for.
    pub period: Option<Span>,
    /// What is still owed of it.
    pub open: Money,
}
document!(Charge as "charge"; |it| sort it.due_on.to_string();
    facets [facet("lease", it.lease), facet("property", it.property),
            facet("status", if it.open.is_zero() { "paid" } else { "open" })],
    each it.residents.iter().map(|resident| format!("resident:{resident}")));

/// Money in a lease's favour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// The lease.
    pub lease: LeaseId,
    /// Where it came from.
    pub source: CreditSource,
    /// How much it was.
    pub amount: Money,
    /// How much of it is unused; below zero is a shortage.
    pub free: Money,
    /// The day of the receipt.
    pub received_on: NaiveDate,
}
document!(Credit as "credit"; |it| sort it.received_on.to_string(); facets [facet("lease", it.lease)]);

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// For which lease.
    pub lease: LeaseId,
    /// Who pays, if a resident.
    pub payer: Option<ResidentId>,
    /// `initiated`, `processing`, `completed`, `deposited`, `failed`, `voided`, `returned`, `disputed` or `refunded`.
    pub status: String,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: Method,
    /// The payer's or the bank's mark on it.
    pub reference: Option<String>,
    /// What it is to pay first.
    pub designations: Vec<Designation>,
    /// When someone meant to pay.
    pub initiated_at: DateTime<Utc>,
    /// The day of the receipt.
    pub received_on: Option<NaiveDate>,
    /// The day the bank counts it.
    pub deposited_on: Option<NaiveDate>,
    /// The account it was deposited into.
    pub bank_account: Option<BankAccountId>,
    /// What was paid back of it.
    pub refunded: Money,
    /// Why it failed, was voided, returned or disputed.
    pub reason: Option<String>,
}
document!(Payment as "payment", newest first true; |it| sort it.initiated_at.to_rfc3339();
    facets [facet("lease", it.lease), maybe("resident", it.payer), facet("status", &it.status)]);

/// A deposit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deposit {
    /// The lease it secures.
    pub lease: LeaseId,
    /// `due` or `held`.
    pub status: String,
    /// What it secures.
    pub purpose: DepositPurpose,
    /// True if it may be used for that purpose only.
    pub limited: bool,
    /// How much was asked for.
    pub amount: Money,
    /// How much is held.
    pub held: Money,
    /// When it is due.
    pub due_on: NaiveDate,
}
document!(Deposit as "deposit"; |it| sort it.due_on.to_string();
    facets [facet("lease", it.lease), facet("status", &it.status)]);

/// A maintenance request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// At which property.
    pub property: PropertyId,
    /// In which unit.
    pub unit: Option<UnitId>,
    /// Who reported it.
    pub resident: Option<ResidentId>,
    /// `submitted`, `triaged`, `converted`, `declined`, `resolved` or `reopened`.
    pub status: String,
    /// What it is about.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
    /// Whether someone may enter while nobody is at home.
    pub permission_to_enter: bool,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// What the priority means in instants.
    #[serde(flatten)]
    pub deadlines: Deadlines,
    /// The deadlines that passed.
    pub breached: Vec<SlaClock>,
    /// The work order it became.
    pub work_order: Option<WorkOrderId>,
    /// What was done, or why nothing was.
    pub outcome: Option<String>,
}
document!(Request as "request", newest first true; |it| sort it.reported_at.to_rfc3339();
    facets [facet("property", it.property), maybe("unit", it.unit), maybe("resident", it.resident),
            facet("status", &it.status), facet("priority", it.priority)]);

/// A work order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkOrder {
    /// At which property.
    pub property: PropertyId,
    /// In which unit.
    pub unit: Option<UnitId>,
    /// The request it comes from.
    pub request: Option<RequestId>,
    /// `new`, `estimate_requested`, `estimated`, `assigned`, `scheduled`, `waiting`, `work_done`, `ready_to_bill`, `completed`
    /// or `cancelled`.
    pub status: String,
    /// What it is about.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
    /// Who is answerable.
    pub vendor: Option<VendorId>,
    /// The day of the visit.
    pub visit_on: Option<NaiveDate>,
    /// What the vendor said it would cost.
    pub estimate: Option<Money>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// What the priority means in instants.
    #[serde(flatten)]
    pub deadlines: Deadlines,
    /// The deadlines that passed.
    pub breached: Vec<SlaClock>,
    /// What was done, what it waits for, or why it was cancelled or reopened.
    pub notes: Option<String>,
    /// The state it returns to when it no longer waits.
    pub paused_from: Option<String>,
}
document!(WorkOrder as "work_order", newest first true; |it| sort it.created_at.to_rfc3339();
    facets [facet("property", it.property), maybe("unit", it.unit), maybe("vendor", it.vendor),
            facet("status", &it.status), facet("priority", it.priority)]);

/// A bank account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BankAccount {
    /// `open` or `closed`.
    pub status: String,
    /// The name it goes by here.
    pub name: String,
    /// Whose money it holds.
    pub purpose: BankPurpose,
    /// The day from which it takes money.
    pub opened_on: NaiveDate,
}
document!(BankAccount as "bank_account"; |it| sort it.name.to_lowercase();
facets [facet("status", &it.status), facet("purpose", match it.purpose {
    BankPurpose::Operating => "operating",
    BankPurpose::DepositTrust => "deposit_trust",
})]);
