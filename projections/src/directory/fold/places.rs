//! Properties and units.

use domain::{
    property::PropertyEvent,
    unit::{Tenure, UnitEvent},
};

use super::{
    super::{
        document::{Property, Unit},
        state::Unknown,
    },
    Happening,
};

pub(super) fn property(happening: &mut Happening<'_>, event: &PropertyEvent) -> Result<(), Unknown> {
    match event {
        PropertyEvent::Created { details } => happening.begins(Property {
            status: "active".to_owned(),
            details: details.clone(),
            units: 0,
            offboarded_on: None,
        }),
        PropertyEvent::Updated { details } => happening.own::<Property>()?.details = details.clone(),
        PropertyEvent::Offboarded { on, .. } => {
            let property = happening.own::<Property>()?;
            "offboarded".clone_into(&mut property.status);
            property.offboarded_on = Some(*on);
        }
        PropertyEvent::UnitNumbered { .. } => {}
    }
    Ok(())
}

pub(super) fn unit(happening: &mut Happening<'_>, event: &UnitEvent) -> Result<(), Unknown> {
    match event {
        UnitEvent::Created { property, details } => {
            happening.other::<Property>(property.0)?.units += 1;
            happening.begins(Unit {
                property: *property,
                status: "ready".to_owned(),
                details: details.clone(),
                available_on: None,
                asking_rent: None,
                occupied_under: None,
            });
        }
        UnitEvent::Updated { details } => happening.own::<Unit>()?.details = details.clone(),
        UnitEvent::Listed {
            available_on,
            asking_rent,
        } => {
            let unit = happening.own::<Unit>()?;
            unit.available_on = Some(*available_on);
            unit.asking_rent = Some(*asking_rent);
        }
        UnitEvent::Leased { lease, span, on_notice } => {
            let unit = happening.own::<Unit>()?;
            let tenure = Tenure {
                lease: *lease,
                span: *span,
                on_notice: *on_notice,
            };
            if unit.available_on.is_some_and(|day| tenure.ends_listing(day)) {
                delist(unit);
            }
            if unit.occupied_under == Some(*lease) {
                let status = if *on_notice { "on_notice" } else { "occupied" };
                status.clone_into(&mut unit.status);
            }
        }
        UnitEvent::Released { .. } => {}
        UnitEvent::Occupied { lease } => {
            let unit = happening.own::<Unit>()?;
            "occupied".clone_into(&mut unit.status);
            unit.occupied_under = Some(*lease);
        }
        UnitEvent::Vacated { .. } => {
            let unit = happening.own::<Unit>()?;
            "turning".clone_into(&mut unit.status);
            unit.occupied_under = None;
        }
        UnitEvent::MadeReady => "ready".clone_into(&mut happening.own::<Unit>()?.status),
        UnitEvent::TakenOffline { .. } => {
            let unit = happening.own::<Unit>()?;
            "offline".clone_into(&mut unit.status);
            delist(unit);
        }
    }
    Ok(())
}

fn delist(unit: &mut Unit) {
    unit.available_on = None;
    unit.asking_rent = None;
}
