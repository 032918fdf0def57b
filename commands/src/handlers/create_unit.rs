use domain::{
    decisions::create_unit,
    ids::{PropertyId, UnitId},
    property::Property,
    unit::{Unit, UnitDetails},
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Takes a unit under management.
#[derive(Debug, Clone, Serialize)]
pub struct CreateUnit {
    /// The id it gets.
    pub unit: UnitId,
    /// The property it is part of.
    pub property: PropertyId,
    /// What is known of it.
    pub details: UnitDetails,
}

impl Command for CreateUnit {
    const NAME: &'static str = "create_unit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let unit = work.begin::<Unit>(self.unit).await?;
        let property = work.load::<Property>(self.property).await?;
        let (numbered, created) = create_unit(
            (self.property, &property.state),
            (self.unit, &unit.state),
            self.details.clone(),
            work.context(),
        )?;
        work.record::<Unit>(self.unit, created);
        work.record::<Property>(self.property, numbered);
        Ok(())
    }
}
