//! Leases and their accounts.

pub mod activate;
pub mod add_recurring_charge;
pub mod amend;
pub mod bill_deposit;
pub mod change_rent;
pub mod charge;
pub mod concede;
pub mod draft;
pub mod end;
pub mod end_recurring_charge;
pub mod get;
pub mod get_deposit;
pub mod give_notice;
pub mod list;
pub mod list_charges;
pub mod list_of_unit;
pub mod receive_deposit;
pub mod renew;
pub mod sign;
mod view;
pub mod void;
pub mod waive;
pub mod write_off;

use chrono::NaiveDate;
use domain::{
    ids::{ChargeId, ResidentId},
    lease::Terms,
    span::Span,
};
use serde::Deserialize;
use utoipa::ToSchema;

pub use view::{ChargeView, LeaseView};

use crate::http::wire::{Amount, AmountOrZero, Day, Line};

/// What is agreed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TermsInput {
    /// Who rents, jointly liable; none twice.
    #[schema(min_items = 1, max_items = 20)]
    pub residents: Vec<ResidentId>,
    /// The first day.
    pub starts_on: Day,
    /// The last day, included. Without it the lease runs from month to month.
    #[serde(default)]
    pub last_day: Option<Day>,
    /// The rent of a whole month.
    pub rent: Amount,
    /// The tax on a whole month's rent, on top of it, if any.
    #[serde(default)]
    pub rent_tax: Option<AmountOrZero>,
    /// The day of the month on which rent is due; in a shorter month its last day.
    #[schema(minimum = 1, maximum = 31)]
    pub due_day: u8,
}

impl From<TermsInput> for Terms {
    fn from(input: TermsInput) -> Self {
        Self {
            residents: input.residents,
            term: Span {
                from: input.starts_on.into(),
                to: input.last_day.map(day_after),
            },
            rent: input.rent.into(),
            rent_tax: input.rent_tax.map(Into::into),
            due_day: input.due_day,
        }
    }
}

/// People name last days; what is recorded is the day after.
fn day_after(last: Day) -> NaiveDate {
    domain::span::days_after(last.into(), 1)
}

/// A day on which something happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OnDay {
    /// The day.
    pub on: Day,
}

/// A reduction of a charge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reduction {
    /// The charge.
    pub charge: ChargeId,
    /// How much of it; all that can be without.
    #[serde(default)]
    pub amount: Option<Amount>,
    /// Why, for whoever asks later.
    pub reason: Line,
}
