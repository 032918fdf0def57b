use domain::{
    decisions::update_unit,
    ids::UnitId,
    property::Property,
    unit::{Unit, UnitDetails, UnitRefusal},
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Records what is known of a unit from now on.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateUnit {
    /// Which.
    pub unit: UnitId,
    /// All of it.
    pub details: UnitDetails,
}

impl Command for UpdateUnit {
    const NAME: &'static str = "update_unit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let unit = work.load::<Unit>(self.unit).await?;
        let property_id = unit.state.property().ok_or(UnitRefusal::Absent)?;
        let property = work.load::<Property>(property_id).await?;
        let (numbered, updated) = update_unit(
            (property_id, &property.state),
            (self.unit, &unit.state),
            self.details.clone(),
            work.context(),
        )?;
        work.record::<Unit>(self.unit, updated);
        work.record::<Property>(property_id, numbered);
        Ok(())
    }
}
