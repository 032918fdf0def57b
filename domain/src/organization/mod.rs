//! An organization: a business that manages properties. All else belongs to one.
//!
//! Invariants: its books are in one currency, one time zone and one fiscal calendar for ever; its policies can always be
//! carried out; while it is suspended or closed, nothing else of it changes.

mod events;
mod policies;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{BankAccountId, OrganizationId},
    input,
    money::Currency,
    settings::Settings,
};

/// What can be asked of an organization.
#[derive(Debug, Clone, Serialize)]
pub enum OrganizationCommand {
    /// Begin to keep its business here. Its accounts are opened by
    /// [`found_organization`](crate::decisions::found_organization).
    Create {
        /// The name it goes by.
        name: String,
        /// Its policies.
        settings: Box<Settings>,
        /// Where rents and costs go unless another account is named.
        operating_account: BankAccountId,
        /// Where deposits are held unless another account is named.
        deposit_account: BankAccountId,
    },
    /// Follow other policies from now on.
    ChangeSettings {
        /// All of them.
        settings: Box<Settings>,
    },
    /// Take no commands for a while.
    Suspend {
        /// Why.
        reason: String,
    },
    /// Take commands again.
    Reinstate,
    /// Take no commands any more.
    Close {
        /// Why.
        reason: String,
    },
}

refusals! {
    /// Why an organization refused.
    pub enum OrganizationRefusal {
        Absent "organization-absent" => Absent: "there is no such organization",
        State "organization-exists" => Exists: "the organization exists already",
        State "organization-unchanged" => Unchanged: "the organization follows exactly these policies already",
        State "organization-suspended" => Suspended { reason: String }: "the organization is suspended: {reason}",
        State "organization-not-suspended" => NotSuspended: "the organization is not suspended",
        State "organization-closed" => Closed { reason: String }: "the organization is closed: {reason}",
        Rule "organization-currency-fixed" => CurrencyFixed { currency: Currency }:
            "the books are kept in {currency} and stay so",
        Rule "organization-time-zone-fixed" => TimeZoneFixed { time_zone: Tz }:
            "civil dates are counted in {time_zone} and stay so",
        Rule "organization-fiscal-year-fixed" => FiscalYearFixed { starts: u8 }:
            "the fiscal year begins in month {starts} and stays so",
        Rule "organization-policy-wrong" => PolicyWrong { policy: &'static str, expected: &'static str }:
            "the policy `{policy}` must {expected}",
    }
}

/// What a decision about an organization reads. Any decision reads its policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    founded: Option<Founded>,
    standing: Standing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Founded {
    settings: Settings,
    operating_account: BankAccountId,
    deposit_account: BankAccountId,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    #[default]
    Active,
    Suspended {
        reason: String,
    },
    Closed {
        reason: String,
    },
}

impl Organization {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: OrganizationCommand, _: &Context) -> Result<Vec<OrganizationEvent>, Refusal> {
        let event = match command {
            OrganizationCommand::Create {
                name,
                settings,
                operating_account,
                deposit_account,
            } => {
                if self.founded.is_some() {
                    return Err(OrganizationRefusal::Exists.into());
                }
                input::line("name", &name)?;
                policies::check(&settings)?;
                OrganizationEvent::Created {
                    name,
                    settings: *settings,
                    operating_account,
                    deposit_account,
                }
            }
            OrganizationCommand::ChangeSettings { settings } => self.change(*settings)?,
            OrganizationCommand::Suspend { reason } => {
                self.must_be_active()?;
                input::line("reason", &reason)?;
                OrganizationEvent::Suspended { reason }
            }
            OrganizationCommand::Reinstate => {
                self.must_be_open()?;
                if self.standing == Standing::Active {
                    return Err(OrganizationRefusal::NotSuspended.into());
                }
                OrganizationEvent::Reinstated
            }
            OrganizationCommand::Close { reason } => {
                self.must_be_open()?;
                input::line("reason", &reason)?;
                OrganizationEvent::Closed { reason }
            }
        };
        Ok(vec![event])
    }

    fn change(&self, settings: Settings) -> Result<OrganizationEvent, Refusal> {
        self.must_be_active()?;
        let present = self.settings()?;
        if present.currency != settings.currency {
            let currency = present.currency;
            return Err(OrganizationRefusal::CurrencyFixed { currency }.into());
        }
        if present.time_zone != settings.time_zone {
            let time_zone = present.time_zone;
            return Err(OrganizationRefusal::TimeZoneFixed { time_zone }.into());
        }
        if present.fiscal_year_starts != settings.fiscal_year_starts {
            let starts = present.fiscal_year_starts;
            return Err(OrganizationRefusal::FiscalYearFixed { starts }.into());
        }
        policies::check(&settings)?;
        if *present == settings {
            return Err(OrganizationRefusal::Unchanged.into());
        }
        Ok(OrganizationEvent::SettingsChanged { settings })
    }

    /// The guard of every other command: there is such an organization, and it takes commands.
    ///
    /// # Errors
    /// Refuses an organization that was never created, is suspended or closed.
    pub fn must_be_active(&self) -> Result<(), OrganizationRefusal> {
        self.must_be_open()?;
        match &self.standing {
            Standing::Suspended { reason } => Err(OrganizationRefusal::Suspended { reason: reason.clone() }),
            Standing::Active | Standing::Closed { .. } => Ok(()),
        }
    }

    fn must_be_open(&self) -> Result<(), OrganizationRefusal> {
        self.founded()?;
        match &self.standing {
            Standing::Closed { reason } => Err(OrganizationRefusal::Closed { reason: reason.clone() }),
            Standing::Active | Standing::Suspended { .. } => Ok(()),
        }
    }

    /// Its policies.
    ///
    /// # Errors
    /// Refuses an organization that was never created.
    pub fn settings(&self) -> Result<&Settings, OrganizationRefusal> {
        Ok(&self.founded()?.settings)
    }

    /// Where rents and costs go unless another account is named.
    ///
    /// # Errors
    /// Refuses an organization that was never created.
    pub fn operating_account(&self) -> Result<BankAccountId, OrganizationRefusal> {
        Ok(self.founded()?.operating_account)
    }

    /// Where deposits are held unless another account is named.
    ///
    /// # Errors
    /// Refuses an organization that was never created.
    pub fn deposit_account(&self) -> Result<BankAccountId, OrganizationRefusal> {
        Ok(self.founded()?.deposit_account)
    }

    fn founded(&self) -> Result<&Founded, OrganizationRefusal> {
        self.founded.as_ref().ok_or(OrganizationRefusal::Absent)
    }

    fn evolve(&mut self, event: OrganizationEvent) {
        match event {
            OrganizationEvent::Created {
                settings,
                operating_account,
                deposit_account,
                ..
            } => {
                self.founded = Some(Founded {
                    settings,
                    operating_account,
                    deposit_account,
                });
            }
            OrganizationEvent::SettingsChanged { settings } => {
                if let Some(founded) = &mut self.founded {
                    founded.settings = settings;
                }
            }
            OrganizationEvent::Suspended { reason } => self.standing = Standing::Suspended { reason },
            OrganizationEvent::Reinstated => self.standing = Standing::Active,
            OrganizationEvent::Closed { reason } => self.standing = Standing::Closed { reason },
        }
    }
}

aggregate!(Organization of OrganizationId, OrganizationCommand gives OrganizationEvent);

#[cfg(test)]
mod tests;
