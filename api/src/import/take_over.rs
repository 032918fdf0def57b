//! Turns a rent roll into commands: properties, units, residents, leases, deposits and what is owed.
//!
//! Each command's id says what it does, so the same file given again changes nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use commands::{
    execute::{Command, Commands, ExecuteError, Invocation, Receipt},
    handlers::{CreateUnit, DraftLease, OnStream, SignLease, TakeOverDeposit, TakeOverLease},
};
use domain::{
    deposit::{DepositPurpose, NewDeposit},
    ids::{CommandId, DepositId, LeaseId, OrganizationId, PropertyId, ResidentId, UnitId, UserId},
    lease::Terms,
    money::{Currency, Money},
    personal::{Contact, PersonName},
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyKind},
    resident::{Profile, Resident, ResidentCommand},
    span::Span,
    unit::UnitDetails,
};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::rent_roll::{Fault, Row, Stage, Tenancy};

/// How many properties are taken over at once.
const AT_ONCE: usize = 8;

/// Whose rent roll it is, and the day it is as of.
#[derive(Clone, Copy)]
pub struct TakeOver<'a> {
    /// Carries the commands out.
    pub commands: &'a Commands,
    /// Whose.
    pub organization: OrganizationId,
    /// Who gives the commands.
    pub actor: UserId,
    /// The currency of its books.
    pub currency: Currency,
    /// The day the balances are as of.
    pub as_of: NaiveDate,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What was taken over. In minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Properties.
    pub properties: usize,
    /// Units.
    pub units: usize,
    /// Units with residents in them.
    pub occupied: usize,
    /// The rents of the occupied units.
    pub monthly_rent: i64,
    /// The deposits held.
    pub deposits: i64,
    /// What residents owe.
    pub owed: i64,
    /// What is in residents' favour.
    pub credit: i64,
    /// Commands that wrote something.
    pub written: usize,
    /// Commands that had been written before.
    pub repeated: usize,
}

impl Summary {
    fn plus(mut self, other: &Self) -> Self {
        self.properties += other.properties;
        self.units += other.units;
        self.occupied += other.occupied;
        self.monthly_rent += other.monthly_rent;
        self.deposits += other.deposits;
        self.owed += other.owed;
        self.credit += other.credit;
        self.written += other.written;
        self.repeated += other.repeated;
        self
    }

    fn count(&mut self, row: &Row) {
        self.units += 1;
        let Some(tenancy) = &row.tenancy else { return };
        if tenancy.stage != Stage::Future {
            self.occupied += 1;
            self.monthly_rent += tenancy.rent.minor;
        }
        self.deposits += tenancy.deposit.minor;
        self.owed += tenancy.past_due.minor.max(0);
        self.credit += (-tenancy.past_due.minor).max(0);
    }
}

/// A row that was refused; it and the rest of its property are not taken over, what came before is.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {error}")]
pub struct Stopped {
    /// The line.
    pub line: u64,
    /// Why.
    #[source]
    pub error: ExecuteError,
}

impl TakeOver<'_> {
    /// Takes these rows over.
    ///
    /// # Errors
    /// At the first row that is refused. Given again after that is mended, it goes on where it stopped.
    pub async fn rows(&self, rows: &[Row]) -> Result<Summary, Stopped> {
        let mut properties: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            properties.entry(&row.property).or_default().push(row);
        }
        stream::iter(properties)
            .map(|(property, rows)| self.property(property, rows))
            .buffer_unordered(AT_ONCE)
            .try_fold(Summary::default(), async |all, one| Ok(all.plus(&one)))
            .await
    }

    async fn property(&self, text: &str, rows: Vec<&Row>) -> Result<Summary, Stopped> {
        let mut summary = Summary {
            properties: 1,
            ..Summary::default()
        };
        let command = self.id("property", &[text]);
        let property = PropertyId(command.derive(0));
        let create = PropertyCommand::Create { details: place(text) };
        let line = rows.first().map_or(0, |row| row.line);
        let created = self
            .give(command, &OnStream::<Property>::begin(property, create), &mut summary)
            .await;
        created.map_err(|error| Stopped { line, error })?;
        for row in rows {
            let taken = self.row(property, row, &mut summary).await;
            taken.map_err(|error| Stopped { line: row.line, error })?;
            summary.count(row);
        }
        Ok(summary)
    }

    async fn row(&self, property: PropertyId, row: &Row, summary: &mut Summary) -> Result<(), ExecuteError> {
        let command = self.id("unit", &[&row.property, &row.unit]);
        let unit = UnitId(command.derive(0));
        let details = UnitDetails {
            number: row.unit.clone(),
            bedrooms: row.rooms.0,
            half_baths: row.rooms.1,
            square_feet: row.square_feet,
            market_rent: row.market_rent,
        };
        self.give(
            command,
            &CreateUnit {
                unit,
                property,
                details,
            },
            summary,
        )
        .await?;
        match &row.tenancy {
            Some(tenancy) => self.tenancy(unit, row, tenancy, summary).await,
            None => Ok(()),
        }
    }

    async fn tenancy(
        &self,
        unit: UnitId,
        row: &Row,
        tenancy: &Tenancy,
        summary: &mut Summary,
    ) -> Result<(), ExecuteError> {
        let mut residents = Vec::new();
        for name in &tenancy.residents {
            residents.push(self.resident(row, name, summary).await?);
        }
        let terms = Terms {
            residents,
            term: Span {
                from: tenancy.from,
                to: tenancy.last_day.map(day_after),
            },
            rent: tenancy.rent,
            rent_tax: None,
            due_day: 1,
        };
        let lease = if tenancy.stage == Stage::Future {
            self.future(unit, row, terms, summary).await?
        } else {
            self.in_force(unit, row, tenancy, terms, summary).await?
        };
        if tenancy.deposit.is_positive() {
            let command = self.id("deposit", &[&row.property, &row.unit, &tenancy.from.to_string()]);
            let new = NewDeposit {
                lease,
                purpose: DepositPurpose::Security,
                limited: false,
                amount: tenancy.deposit,
                due_on: self.as_of,
            };
            let deposit = DepositId(command.derive(0));
            self.give(command, &TakeOverDeposit { deposit, new }, summary).await?;
        }
        Ok(())
    }

    async fn resident(&self, row: &Row, name: &PersonName, summary: &mut Summary) -> Result<ResidentId, ExecuteError> {
        let command = self.id("resident", &[&row.property, &row.unit, &name.to_string()]);
        let resident = ResidentId(command.derive(0));
        let profile = Profile {
            name: name.clone(),
            contact: Contact::default(),
            birth_date: None,
            emergency_contacts: Vec::new(),
        };
        let create = ResidentCommand::Create { resident, profile };
        self.give(command, &OnStream::<Resident>::begin(resident, create), summary)
            .await?;
        Ok(resident)
    }

    async fn in_force(
        &self,
        unit: UnitId,
        row: &Row,
        tenancy: &Tenancy,
        terms: Terms,
        summary: &mut Summary,
    ) -> Result<LeaseId, ExecuteError> {
        let command = self.id("lease", &[&row.property, &row.unit, &tenancy.from.to_string()]);
        let taken = TakeOverLease {
            unit,
            terms,
            moved_in: tenancy.move_in,
            notice: tenancy.move_out.map(day_after),
            balance: tenancy.past_due,
            due_on: None,
        };
        self.give(command, &taken, summary).await?;
        Ok(LeaseId(command.derive(0)))
    }

    async fn future(
        &self,
        unit: UnitId,
        row: &Row,
        terms: Terms,
        summary: &mut Summary,
    ) -> Result<LeaseId, ExecuteError> {
        let key = [row.property.as_str(), &row.unit, &terms.term.from.to_string()];
        let draft = self.id("lease", &key);
        let lease = LeaseId(draft.derive(0));
        self.give(draft, &DraftLease { unit, terms }, summary).await?;
        self.give(
            self.id("signature", &key),
            &SignLease { lease, on: self.as_of },
            summary,
        )
        .await?;
        Ok(lease)
    }

    /// The id of the command that does this to that, whenever the file is given.
    fn id(&self, what: &str, key: &[&str]) -> CommandId {
        let name = format!("rent-roll/{what}/{}", key.join("\u{1f}").to_lowercase());
        CommandId(Uuid::new_v5(&self.organization.0, name.as_bytes()))
    }

    async fn give<C: Command>(
        &self,
        command_id: CommandId,
        command: &C,
        summary: &mut Summary,
    ) -> Result<Receipt, ExecuteError> {
        let invocation = Invocation {
            effective_on: Some(self.as_of),
            ..Invocation::new(self.organization, self.actor, command_id, self.occurred_at)
        };
        let receipt = self.commands.execute(&invocation, command).await?;
        if receipt.repeated {
            summary.repeated += 1;
        } else {
            summary.written += 1;
        }
        Ok(receipt)
    }
}

/// What is wrong with rows as of a day, though each may be right by itself.
#[must_use]
pub fn faults_as_of(rows: &[Row], as_of: NaiveDate) -> Vec<Fault> {
    rows.iter()
        .filter_map(|row| fault_as_of(row, row.tenancy.as_ref()?, as_of))
        .collect()
}

fn fault_as_of(row: &Row, tenancy: &Tenancy, as_of: NaiveDate) -> Option<Fault> {
    let fault = |column, reason| {
        Some(Fault {
            line: row.line,
            column,
            reason,
        })
    };
    match tenancy.stage {
        Stage::Future if tenancy.from <= as_of => fault(
            "Lease From",
            format!("{} is not after {as_of}, but nobody has moved in", tenancy.from),
        ),
        Stage::Future if !tenancy.past_due.is_zero() => fault(
            "Past Due",
            format!("{} on a lease that has not begun", tenancy.past_due),
        ),
        Stage::Future => None,
        _ if tenancy.move_in > as_of => fault("Move-in", format!("{} lies after {as_of}", tenancy.move_in)),
        _ => match tenancy.move_out {
            Some(out) if out < as_of => fault("Move-out", format!("{out} lies before {as_of}, but they live there")),
            _ => None,
        },
    }
}

fn day_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// What an export says of a property in one cell: `Maple Court - 12 Elm Street, Springfield, IL 62701`.
fn place(text: &str) -> PropertyDetails {
    const NOT_GIVEN: &str = "(not given)";
    let (name, address) = text.split_once(" - ").unwrap_or((text, ""));
    let mut parts = address.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut next = || parts.next().unwrap_or(NOT_GIVEN).to_owned();
    let (street, city, rest) = (next(), next(), next());
    let (region, postal_code) = rest.rsplit_once(' ').unwrap_or((&rest, NOT_GIVEN));
    PropertyDetails {
        name: name.trim().to_owned(),
        address: Address {
            street,
            city,
            region: region.to_owned(),
            postal_code: postal_code.to_owned(),
            country: "US".to_owned(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: None,
        amenities: Vec::new(),
    }
}

/// The summary as a person reads it, with amounts in a currency.
#[must_use]
pub fn told(summary: &Summary, currency: Currency) -> String {
    let money = |minor| Money::new(minor, currency);
    format!(
        "properties        {}\nunits             {}\noccupied          {}\nmonthly rent      {}\ndeposits held     {}\nbalances owed     {}\nin credit         {}\ncommands written  {} ({} had been before)",
        summary.properties,
        summary.units,
        summary.occupied,
        money(summary.monthly_rent),
        money(summary.deposits),
        money(summary.owed),
        money(summary.credit),
        summary.written,
        summary.repeated,
    )
}

#[cfg(test)]
mod tests;
