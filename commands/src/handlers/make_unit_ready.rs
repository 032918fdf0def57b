use domain::{
    decisions::make_unit_ready,
    ids::UnitId,
    property::Property,
    unit::{Unit, UnitRefusal},
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Declares that a unit can be moved into.
#[derive(Debug, Clone, Serialize)]
pub struct MakeUnitReady {
    /// Which.
    pub unit: UnitId,
}

impl Command for MakeUnitReady {
    const NAME: &'static str = "make_unit_ready";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let unit = work.load::<Unit>(self.unit).await?;
        let property = unit.state.property().ok_or(UnitRefusal::Absent)?;
        let property = work.load::<Property>(property).await?;
        let ready = make_unit_ready(&property.state, &unit.state, work.context())?;
        work.record::<Unit>(self.unit, ready);
        Ok(())
    }
}
