use crate::{
    Refusal,
    context::Context,
    ids::{PropertyId, UnitId},
    property::{Property, PropertyCommand, PropertyEvent, PropertyRefusal},
    unit::{Unit, UnitCommand, UnitDetails, UnitEvent, UnitRefusal},
};

/// A unit comes under management. Writes the unit's stream and the property's, which knows its units by number: so that none
/// is created while the property is leaving.
///
/// # Errors
/// Refuses a property that is absent or left, and a number that another of its units has.
pub fn create_unit(
    (property_id, property): (PropertyId, &Property),
    (unit_id, unit): (UnitId, &Unit),
    details: UnitDetails,
    context: &Context,
) -> Result<(Vec<PropertyEvent>, Vec<UnitEvent>), Refusal> {
    let numbered = property.number_unit(unit_id, &details.number)?;
    let create = UnitCommand::Create {
        property: property_id,
        details,
    };
    Ok((numbered, unit.decide(create, context)?))
}

/// What is known of a unit changes. Writes the unit's stream, and the property's if the number is another.
///
/// # Errors
/// Refuses what [`create_unit`] does, a unit of another property, and to change nothing.
pub fn update_unit(
    (property_id, property): (PropertyId, &Property),
    (unit_id, unit): (UnitId, &Unit),
    details: UnitDetails,
    context: &Context,
) -> Result<(Vec<PropertyEvent>, Vec<UnitEvent>), Refusal> {
    unit.must_be_part_of(property_id)?;
    let numbered = property.number_unit(unit_id, &details.number)?;
    Ok((numbered, unit.decide(UnitCommand::Update { details }, context)?))
}

/// A unit can be moved into. Writes the unit's stream and guards the property's: it is still managed here.
///
/// # Errors
/// Refuses a property that left, and what the unit refuses.
pub fn make_unit_ready(property: &Property, unit: &Unit, context: &Context) -> Result<Vec<UnitEvent>, Refusal> {
    unit.must_exist()?;
    property.must_be_managed()?;
    unit.decide(UnitCommand::MakeReady, context)
}

/// What a property's leaving does: to itself, and to each of its units.
pub type Leaving = (Vec<PropertyEvent>, Vec<(UnitId, Vec<UnitEvent>)>);

/// A property leaves management, and its units with it: they go offline. Writes the property's stream and guards those of all
/// its units.
///
/// # Errors
/// Refuses while a unit is occupied, or leased for this day or a later one, and names it.
pub fn offboard_property(
    property: &Property,
    units: &[(UnitId, &Unit)],
    reason: &str,
    context: &Context,
) -> Result<Leaving, Refusal> {
    let left = property.decide(
        PropertyCommand::Offboard {
            reason: reason.to_owned(),
        },
        context,
    )?;
    let mut closed = Vec::with_capacity(units.len());
    for (unit_id, unit) in units {
        unit.must_be_unused_from(context.effective_on)
            .map_err(|refusal| in_use(*unit_id, refusal))?;
        if unit.must_be_rentable().is_ok() {
            let reason = reason.to_owned();
            closed.push((*unit_id, unit.decide(UnitCommand::TakeOffline { reason }, context)?));
        }
    }
    Ok((left, closed))
}

fn in_use(unit: UnitId, refusal: UnitRefusal) -> Refusal {
    match refusal {
        UnitRefusal::Occupied { lease } | UnitRefusal::Leased { lease, .. } => {
            PropertyRefusal::UnitInUse { unit, lease }.into()
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
