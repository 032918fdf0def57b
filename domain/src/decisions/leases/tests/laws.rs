//! Laws that hold for the leases of a unit, whatever is asked of them and in whatever order.

use proptest::prelude::*;

use super::*;
use crate::span::days_after;

const LEASES: usize = 5;

/// Something that is asked of one of the leases.
#[derive(Debug, Clone)]
enum Step {
    Sign,
    Activate,
    Renew { days: Option<u32> },
    Conclude,
    GiveNotice { ahead: u32 },
    End,
    Void,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Sign),
        5 => Just(Step::Activate),
        3 => prop::option::of(1_u32..200).prop_map(|days| Step::Renew { days }),
        3 => Just(Step::Conclude),
        2 => (1_u32..60).prop_map(|ahead| Step::GiveNotice { ahead }),
        2 => Just(Step::End),
        1 => Just(Step::Void),
    ]
}

/// A unit and the leases that compete for it.
struct House {
    unit: Unit,
    leases: Vec<(LeaseId, Lease)>,
    ada: Resident,
}

impl House {
    fn new(terms: &[(u32, Option<u32>)]) -> Self {
        let leases = terms.iter().zip(100_u128..).map(|((start, days), id)| {
            let from = days_after(day("2026-01-01"), *start);
            let to = days.map(|days| days_after(from, days));
            let created = LeaseEvent::Created {
                property: HOUSE,
                unit: FLAT,
                terms: Terms {
                    residents: vec![ADA],
                    ..terms_of(Span { from, to })
                },
            };
            (LeaseId(Uuid::from_u128(id)), with(&Lease::default(), &[created]))
        });
        Self {
            unit: flat(&[]),
            leases: leases.collect(),
            ada: known(ADA),
        }
    }

    fn ask(&mut self, index: usize, step: &Step, today: NaiveDate) {
        let context = Context::on(today);
        let (id, lease) = &self.leases[index];
        let tenancy = Tenancy {
            id: *id,
            lease,
            unit: &self.unit,
            residents: &[(ADA, &self.ada)],
        };
        let facts = match step {
            Step::Sign => sign_lease(tenancy, &house(), today, &context),
            Step::Activate => activate_lease(tenancy, today, &context),
            Step::Renew { days } => {
                let from = lease.contract().unwrap().term.to.unwrap_or(today);
                let renewal = Renewal {
                    from,
                    to: days.map(|days| days_after(from, days)),
                    rent: usd(100_000),
                    rent_tax: None,
                };
                renew_lease(tenancy, renewal, &context)
            }
            Step::Conclude => conclude_term(tenancy, &context),
            Step::GiveNotice { ahead } => give_notice(tenancy, today, days_after(today, *ahead), &context),
            Step::End => end_lease(tenancy, today, &context),
            Step::Void => void_lease(tenancy, "no".into(), &context),
        };
        let facts = facts.unwrap_or_default();
        self.leases[index].1 = with(&self.leases[index].1, &facts.lease);
        self.unit = with(&self.unit, &facts.unit);
        for (_, events) in facts.residents {
            self.ada = with(&self.ada, &events);
        }
    }

    /// The days of each lease that was signed and not voided.
    fn tenures(&self) -> Vec<(LeaseId, Span)> {
        let held = |(id, lease): &(LeaseId, Lease)| {
            let contract = lease.contract().ok()?;
            let holds = !matches!(contract.status, Status::Draft | Status::Voided);
            holds.then_some((*id, contract.term))
        };
        self.leases.iter().filter_map(held).collect()
    }
}

fn terms_of(term: Span) -> Terms {
    super::terms(term)
}

proptest! {
    #[test]
    fn leases_on_a_unit_never_overlap(
        terms in prop::collection::vec((0_u32..300, prop::option::weighted(0.9, 1_u32..200)), LEASES),
        steps in prop::collection::vec((0..LEASES, 0_u32..20, any_step()), 0..80),
    ) {
        let mut house = House::new(&terms);
        let mut today = day("2026-01-01");
        for (index, wait, step) in steps {
            today = days_after(today, wait);
            house.ask(index, &step, today);
            let tenures = house.tenures();
            for (n, (id, span)) in tenures.iter().enumerate() {
                prop_assert_eq!(house.unit.tenure(*id).map(|tenure| tenure.span), Some(*span));
                for (other, days) in &tenures[n + 1..] {
                    prop_assert!(!span.overlaps(*days), "{id} has {span} and {other} has {days}");
                }
            }
        }
    }

    #[test]
    fn who_lives_in_a_unit_does_so_under_the_one_lease_in_force(
        terms in prop::collection::vec((0_u32..200, prop::option::weighted(0.9, 1_u32..100)), LEASES),
        steps in prop::collection::vec((0..LEASES, 0_u32..20, any_step()), 0..80),
    ) {
        let mut house = House::new(&terms);
        let mut today = day("2026-01-01");
        for (index, wait, step) in steps {
            today = days_after(today, wait);
            house.ask(index, &step, today);
            let in_force = house.leases.iter().filter(|(_, lease)| lease.contract().unwrap().in_force());
            let in_force: Vec<_> = in_force.map(|(id, _)| *id).collect();
            prop_assert!(in_force.len() <= 1);
            prop_assert_eq!(house.unit.occupied_by(), in_force.first().copied());
        }
    }
}
