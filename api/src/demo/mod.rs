//! A portfolio that never was: two years of leases, payments and repairs, decided by the same commands as any other.
//!
//! Everything follows from the seed. Each command's id says what it does, so a run that was interrupted goes on where it
//! stopped, and a second run adds nothing. Nobody else lets time pass in it meanwhile.

mod draws;
mod home;
mod office;
mod rents;
mod repairs;

use chrono::{NaiveDate, TimeDelta};
use commands::{
    execute::{CarryOut, ExecuteError},
    tick::{TickError, tick},
};
use domain::{
    clock::{Clock, Progress},
    ids::{ClockId, OrganizationId},
    span::month_after,
};
use futures::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use home::Home;
use office::{Office, ZONE, instant, morning};

/// How many units a property has.
const UNITS_OF_A_PROPERTY: u32 = 20;

/// What is to be simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many units.
    pub units: u32,
    /// How many months.
    pub months: u32,
    /// What everything is drawn from.
    pub seed: u64,
    /// The first day.
    pub from: NaiveDate,
}

/// Why a simulation stopped. Begun again, it goes on, unless time has passed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A command was refused, or the log is not available.
    #[error(transparent)]
    Command(#[from] ExecuteError),
    /// The clock could not be advanced.
    #[error(transparent)]
    Tick(#[from] TickError),
    /// Days that are not simulated yet are over already: what would have happened on them can't happen any more.
    #[error(
        "someone else let time pass in organization {organization} until {}, before its simulation had ended; simulate another with another --seed",
        reached.instant
    )]
    TimePassed {
        /// The organization of the plan.
        organization: OrganizationId,
        /// Until when.
        reached: Progress,
    },
}

impl Plan {
    /// The organization that this plan has to itself.
    #[must_use]
    pub fn organization(&self) -> OrganizationId {
        OrganizationId(Uuid::new_v5(&self.world(), b"organization"))
    }

    /// Everything that is drawn, and every id, follows from this.
    fn world(&self) -> Uuid {
        let name = format!(
            "demo {} units {} months seed {} from {}",
            self.units, self.months, self.seed, self.from
        );
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }

    fn days(&self) -> impl Iterator<Item = NaiveDate> {
        let end = self.end();
        self.from.iter_days().take_while(move |day| *day < end)
    }

    /// The day after the last.
    fn end(&self) -> NaiveDate {
        month_after(self.from, self.months)
    }

    /// How many days it covers.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.days().count() as u64
    }

    /// Simulates it, and says after each day how many are done.
    ///
    /// # Errors
    /// If the log is not available, if a command is refused that shouldn't be, or if others let time pass before the end.
    pub async fn run<C: CarryOut>(&self, commands: &C, done: impl Fn(u64)) -> Result<(), DemoError> {
        let office = Office::of(commands, self.world());
        if self.has_ended(&office).await? {
            done(self.length());
            return Ok(());
        }
        self.has_time_to_itself(&office).await?;
        let name = format!("Demo {} units, seed {}", self.units, self.seed);
        office.found(name, self.from).await?;
        let mut homes = self.homes(&office).await?;
        for (day, number) in self.days().zip(1..) {
            self.pass_time(&office, day).await?;
            stream::iter(homes.iter_mut().map(|home| home.live(day)))
                .buffer_unordered(C::AT_ONCE)
                .try_collect::<()>()
                .await?;
            done(number);
        }
        self.pass_time(&office, self.end()).await
    }

    /// Whether a run came to its end: whatever became of the clock since, it stood there then.
    async fn has_ended<C: CarryOut>(&self, office: &Office<'_, C>) -> Result<bool, ExecuteError> {
        let last = early(self.end());
        let (organization, just_after) = (office.organization, last.instant + TimeDelta::microseconds(1));
        let clock = office
            .commands()
            .load_before::<Clock>(organization, ClockId::from(organization), just_after)
            .await?;
        Ok(clock.reached() == Some(last))
    }

    /// The simulation advances the clock to the beginnings of its days only. `serve` advances all clocks, to now.
    async fn has_time_to_itself<C: CarryOut>(&self, office: &Office<'_, C>) -> Result<(), DemoError> {
        let organization = office.organization;
        let clock = office
            .commands()
            .load::<Clock>(organization, ClockId::from(organization))
            .await
            .map_err(ExecuteError::from)?;
        match clock.state.reached() {
            Some(reached) if reached != early(reached.day) || reached.day > self.end() => {
                Err(DemoError::TimePassed { organization, reached })
            }
            _ => Ok(()),
        }
    }

    async fn pass_time<C: CarryOut>(&self, office: &Office<'_, C>, day: NaiveDate) -> Result<(), DemoError> {
        tick(office.commands(), office.organization, office.clerk(), early(day)).await?;
        self.has_time_to_itself(office).await
    }

    async fn homes<'a, C: CarryOut>(&self, office: &'a Office<'a, C>) -> Result<Vec<Home<'a, C>>, ExecuteError> {
        let properties = self.units.div_ceil(UNITS_OF_A_PROPERTY);
        let homes: Vec<Vec<Home<'a, C>>> = stream::iter(0..properties)
            .map(|property| self.homes_of(office, property))
            .buffered(C::AT_ONCE)
            .try_collect()
            .await?;
        Ok(homes.into_iter().flatten().collect())
    }

    async fn homes_of<'a, C: CarryOut>(
        &self,
        office: &'a Office<'a, C>,
        number: u32,
    ) -> Result<Vec<Home<'a, C>>, ExecuteError> {
        let property = office.property(number, self.from).await?;
        let mut homes = Vec::new();
        for n in number * UNITS_OF_A_PROPERTY..((number + 1) * UNITS_OF_A_PROPERTY).min(self.units) {
            let mut home = Home::new(office, n, property, office.unit(property, n, self.from).await?);
            home.begin(self.from).await?;
            homes.push(home);
        }
        Ok(homes)
    }
}

/// Early in the morning the day before is over, and this one has begun.
fn early(day: NaiveDate) -> Progress {
    Progress::at(instant(morning(day) - TimeDelta::hours(7)), ZONE)
}
