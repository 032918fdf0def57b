use domain::{decisions::offboard_property, ids::PropertyId, property::Property, unit::Unit};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Lets a property go, with all its units.
#[derive(Debug, Clone, Serialize)]
pub struct OffboardProperty {
    /// Which.
    pub property: PropertyId,
    /// Why.
    pub reason: String,
}

impl Command for OffboardProperty {
    const NAME: &'static str = "offboard_property";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let property = work.load::<Property>(self.property).await?;
        let mut loaded = Vec::new();
        for unit in property.state.units() {
            loaded.push((unit, work.load::<Unit>(unit).await?));
        }
        let units: Vec<_> = loaded.iter().map(|(id, unit)| (*id, &*unit.state)).collect();
        let (left, closed) = offboard_property(&property.state, &units, &self.reason, work.context())?;
        work.record::<Property>(self.property, left);
        for (unit, events) in closed {
            work.record::<Unit>(unit, events);
        }
        Ok(())
    }
}
