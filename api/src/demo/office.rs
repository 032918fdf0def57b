//! The office of the simulated portfolio: gives commands at the times at which they would have been given.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use commands::{
    execute::{CarryOut, Command, ExecuteError, Invocation},
    handlers::{CreateUnit, FoundOrganization, OnStream},
};
use domain::{
    ids::{BankAccountId, CommandId, LeaseId, OrganizationId, PropertyId, UnitId, UserId, VendorId},
    lease::Lease,
    money::{Currency, Money},
    personal::Contact,
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyKind},
    settings::Settings,
    unit::UnitDetails,
    vendor::{Vendor, VendorCommand, VendorProfile},
};
use uuid::Uuid;

use super::draws::Dice;

/// The currency of the simulated books.
pub(super) const CURRENCY: Currency = Currency::USD;
/// Where the simulated portfolio stands.
pub(super) const ZONE: Tz = chrono_tz::America::Chicago;

/// Streets that properties are named after.
const STREETS: [&str; 12] = [
    "Maple", "Oak", "Harbor", "Elm", "Cedar", "Willow", "Prospect", "Lincoln", "Garden", "Mill", "Summit", "Orchard",
];
/// Who does the repairs, and which trades each has.
const VENDORS: [(&str, &[&str]); 5] = [
    ("Drip & Sons Plumbing", &["plumbing"]),
    ("Northside Heating", &["hvac"]),
    ("Bright Electric", &["electrical", "appliance"]),
    ("Handy All Trades", &["locks", "appliance", "plumbing"]),
    ("Gone For Good Pest Control", &["pests"]),
];

/// Gives the commands of one simulated organization.
pub(super) struct Office<'a, C> {
    commands: &'a C,
    /// Everything that is drawn, and every id, follows from it.
    pub world: Uuid,
    pub organization: OrganizationId,
    pub operating_account: BankAccountId,
    pub deposit_account: BankAccountId,
    pub vendors: Vec<VendorId>,
}

impl<'a, C: CarryOut> Office<'a, C> {
    /// The office of this world, whether or not it was founded.
    pub fn of(commands: &'a C, world: Uuid) -> Self {
        let organization = OrganizationId(Uuid::new_v5(&world, b"organization"));
        let founding = id_in(world, "found");
        Self {
            commands,
            world,
            organization,
            operating_account: BankAccountId(founding.derive(1)),
            deposit_account: BankAccountId(founding.derive(2)),
            vendors: (0..VENDORS.len())
                .map(|n| VendorId(id_in(world, &format!("vendor {n}")).derive(0)))
                .collect(),
        }
    }

    pub const fn commands(&self) -> &C {
        self.commands
    }

    /// Who gives the commands.
    pub fn clerk(&self) -> UserId {
        UserId(Uuid::new_v5(&self.world, b"clerk"))
    }

    /// The dice for a question.
    pub fn dice(&self, question: &str) -> Dice {
        Dice::new(self.world, question)
    }

    /// The id of the command that does this.
    pub fn id(&self, what: &str) -> CommandId {
        id_in(self.world, what)
    }

    /// Gives the command that does this, at a local time.
    pub async fn give(&self, what: &str, at: NaiveDateTime, command: &impl Command) -> Result<(), ExecuteError> {
        let invocation = Invocation::new(self.organization, self.clerk(), self.id(what), instant(at));
        self.commands.carry_out(&invocation, command).await
    }

    /// A lease as it was just before a local time.
    pub async fn lease_before(&self, lease: LeaseId, at: NaiveDateTime) -> Result<Arc<Lease>, ExecuteError> {
        let before = self
            .commands
            .load_before::<Lease>(self.organization, lease, instant(at));
        Ok(before.await?)
    }

    /// Founds the organization, with its vendors.
    pub async fn found(&self, name: String, on: NaiveDate) -> Result<(), ExecuteError> {
        let settings = Settings::usual(CURRENCY, ZONE);
        self.give("found", morning(on), &FoundOrganization { name, settings })
            .await?;
        for ((n, vendor), (name, trades)) in self.vendors.iter().enumerate().zip(VENDORS) {
            let profile = VendorProfile {
                name: name.to_owned(),
                contact: Contact {
                    email: Some(format!("office{n}@vendors.example")),
                    phone: None,
                },
                trades: trades.iter().map(|trade| (*trade).to_owned()).collect(),
                insured_through: None,
            };
            let create = VendorCommand::Create {
                vendor: *vendor,
                profile,
            };
            self.give(
                &format!("vendor {n}"),
                morning(on),
                &OnStream::<Vendor>::begin(*vendor, create),
            )
            .await?;
        }
        Ok(())
    }

    /// Takes the `n`th property under management.
    pub async fn property(&self, n: u32, on: NaiveDate) -> Result<PropertyId, ExecuteError> {
        let what = format!("property {n}");
        let property = PropertyId(self.id(&what).derive(0));
        let street = STREETS[n as usize % STREETS.len()];
        let details = PropertyDetails {
            name: format!("{street} Court {}", n + 1),
            address: Address {
                street: format!("{} {street} Street", 100 + n),
                city: "Springfield".to_owned(),
                region: "IL".to_owned(),
                postal_code: format!("{:05}", 62_701 + n % 100),
                country: "US".to_owned(),
            },
            kind: PropertyKind::MultiFamily,
            year_built: None,
            amenities: vec!["laundry".to_owned()],
        };
        let create = PropertyCommand::Create { details };
        self.give(&what, morning(on), &OnStream::<Property>::begin(property, create))
            .await?;
        Ok(property)
    }

    /// Adds the `n`th unit of all, and returns it with its market rent.
    pub async fn unit(&self, property: PropertyId, n: u32, on: NaiveDate) -> Result<(UnitId, Money), ExecuteError> {
        let what = format!("unit {n}");
        let unit = UnitId(self.id(&what).derive(0));
        let mut dice = self.dice(&what);
        let market_rent = Money::new(dice.rent(), CURRENCY);
        let bedrooms = dice.one_of(&[1, 1, 2, 2, 2, 3], 2);
        let details = UnitDetails {
            number: format!("{}{:02}", 1 + (n % 20) / 8, 1 + n % 8),
            bedrooms,
            half_baths: 2,
            square_feet: Some(500 + 220 * u32::from(bedrooms)),
            market_rent,
        };
        self.give(
            &what,
            morning(on),
            &CreateUnit {
                unit,
                property,
                details,
            },
        )
        .await?;
        Ok((unit, market_rent))
    }
}

fn id_in(world: Uuid, what: &str) -> CommandId {
    CommandId(Uuid::new_v5(&world, what.as_bytes()))
}

/// Eight in the morning.
pub(super) fn morning(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) + chrono::TimeDelta::hours(8)
}

/// A local time as an instant. Where clocks are put forward, the hour that isn't there is taken as the one after.
pub(super) fn instant(at: NaiveDateTime) -> DateTime<Utc> {
    ZONE.from_local_datetime(&at).earliest().map_or_else(
        || at.and_utc() + chrono::TimeDelta::hours(6),
        |local| local.with_timezone(&Utc),
    )
}
