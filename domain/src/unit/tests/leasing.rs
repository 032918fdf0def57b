//! What leases do to a unit.

use proptest::prelude::*;

use super::*;

#[test]
fn a_lease_takes_only_days_that_no_other_has() {
    let unit = after([created(), leased(ADA, 5, 10)]);
    let take = |from, to| unit.take(BOB, Span::new(june(from), june(to)), false);
    let refused = Err(Refusal::Leased {
        lease: ADA,
        span: Span::new(june(5), june(10)),
    });
    assert_eq!(take(1, 5), Ok(vec![leased(BOB, 1, 5)]));
    assert_eq!(take(10, 12), Ok(vec![leased(BOB, 10, 12)]));
    assert_eq!(take(1, 6), refused);
    assert_eq!(take(9, 12), refused);
    let nothing = Span::new(june(1), june(1));
    assert_eq!(unit.take(BOB, nothing, false), Err(Refusal::NoDays { span: nothing }));
}

#[test]
fn a_lease_that_has_days_may_have_others_instead() {
    let unit = after([created(), leased(ADA, 5, 10), leased(BOB, 10, 20)]);
    let take = |from, to| unit.take(ADA, Span::new(june(from), june(to)), false);
    assert_eq!(take(5, 10), Ok(vec![]), "they are the same");
    assert_eq!(take(5, 8), Ok(vec![leased(ADA, 5, 8)]));
    assert_eq!(
        take(5, 5),
        Ok(vec![leased(ADA, 5, 5)]),
        "it was given up before it began"
    );
    assert!(take(5, 11).is_err());
    assert_eq!(
        after([created(), leased(ADA, 5, 10), leased(ADA, 5, 8)]).tenures.len(),
        1
    );
}

#[test]
fn an_absent_or_offline_unit_is_not_leased_anew() {
    let span = Span::new(june(1), june(2));
    assert_eq!(Unit::default().take(ADA, span, false), Err(Refusal::Absent));
    assert_eq!(
        after([created(), offline()]).take(ADA, span, false),
        Err(Refusal::Offline { reason: "fire".into() })
    );
}

#[test]
fn days_are_given_back_until_somebody_moves_in() {
    let signed = after([created(), leased(ADA, 1, 10)]);
    assert_eq!(signed.release(ADA), Ok(vec![Event::Released { lease: ADA }]));
    assert_eq!(signed.release(BOB), Err(Refusal::NotLeased { lease: BOB }));
    let mut occupied = signed.clone();
    occupied.apply(Event::Occupied { lease: ADA });
    assert_eq!(occupied.release(ADA), Err(Refusal::Occupied { lease: ADA }));
    let mut released = signed;
    released.apply(Event::Released { lease: ADA });
    assert_eq!(released.tenure(ADA), None);
}

#[test]
fn residents_move_in_under_a_lease_that_has_the_unit_once() {
    let unit = after([created(), leased(ADA, 1, 10), leased(BOB, 10, 20)]);
    assert_eq!(unit.move_in(ADA), Ok(vec![Event::Occupied { lease: ADA }]));
    let stranger = LeaseId(Uuid::from_u128(4));
    assert_eq!(unit.move_in(stranger), Err(Refusal::NotLeased { lease: stranger }));
    assert_eq!(Unit::default().move_in(ADA), Err(Refusal::Absent));
    let mut occupied = unit;
    occupied.apply(Event::Occupied { lease: ADA });
    for lease in [ADA, BOB] {
        assert_eq!(occupied.move_in(lease), Err(Refusal::Occupied { lease: ADA }));
    }
}

#[test]
fn moving_out_ends_the_days_of_the_lease() {
    let unit = after([created(), leased(ADA, 1, 20), Event::Occupied { lease: ADA }]);
    let vacated = Event::Vacated { lease: ADA };
    let ended = Event::Leased {
        lease: ADA,
        span: Span::new(june(1), june(15)),
        on_notice: true,
    };
    assert_eq!(unit.move_out(ADA, june(15)), Ok(vec![ended.clone(), vacated.clone()]));
    assert_eq!(unit.move_out(BOB, june(15)), Err(Refusal::NotOccupied { lease: BOB }));
    let mut on_notice = unit;
    on_notice.apply(ended);
    assert_eq!(on_notice.move_out(ADA, june(15)), Ok(vec![vacated]));
}

#[test]
fn staying_longer_than_the_successor_allows_is_refused() {
    let unit = after([
        created(),
        leased(ADA, 1, 10),
        Event::Occupied { lease: ADA },
        leased(BOB, 10, 20),
    ]);
    assert!(unit.move_out(ADA, june(11)).is_err());
    assert!(unit.move_out(ADA, june(10)).is_ok());
}

#[test]
fn a_successor_begins_when_the_lease_ends_or_later() {
    let unit = after([created(), leased(ADA, 1, 10), leased(BOB, 10, 20)]);
    assert!(unit.has_successor(ADA, june(10)));
    assert!(!unit.has_successor(ADA, june(11)));
    assert!(!unit.has_successor(BOB, june(20)));
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Take { lease: u128, from: u32, length: u32 },
    Release { lease: u128 },
    MoveIn { lease: u128 },
    MoveOut { lease: u128, on: u32 },
    MakeReady,
    TakeOffline,
}

fn any_step() -> impl Strategy<Value = Step> {
    let lease = 0_u128..4;
    prop_oneof![
        4 => (lease.clone(), 1_u32..28, 0_u32..8).prop_map(|(lease, from, length)| Step::Take { lease, from, length }),
        1 => lease.clone().prop_map(|lease| Step::Release { lease }),
        2 => lease.clone().prop_map(|lease| Step::MoveIn { lease }),
        2 => (lease, 1_u32..30).prop_map(|(lease, on)| Step::MoveOut { lease, on }),
        1 => Just(Step::MakeReady),
        1 => Just(Step::TakeOffline),
    ]
}

fn take_step(unit: &Unit, step: Step) -> Vec<Event> {
    let id = |lease| LeaseId(Uuid::from_u128(lease));
    let start = june(1);
    let decided = match step {
        Step::Take { lease, from, length } => {
            let from = start + chrono::Days::new(u64::from(from));
            unit.take(
                id(lease),
                Span::new(from, from + chrono::Days::new(u64::from(length))),
                false,
            )
        }
        Step::Release { lease } => unit.release(id(lease)),
        Step::MoveIn { lease } => unit.move_in(id(lease)),
        Step::MoveOut { lease, on } => unit.move_out(id(lease), june(on)),
        Step::MakeReady => return unit.decide(Command::MakeReady, &Context::sample()).unwrap_or_default(),
        Step::TakeOffline => {
            let command = Command::TakeOffline { reason: "fire".into() };
            return unit.decide(command, &Context::sample()).unwrap_or_default();
        }
    };
    decided.unwrap_or_default()
}

proptest! {
    #[test]
    fn no_two_leases_ever_have_the_same_day_and_nobody_lives_there_without_one(
        steps in prop::collection::vec(any_step(), 0..60),
    ) {
        let mut unit = after([created()]);
        for step in steps {
            for event in take_step(&unit, step) {
                unit.apply(event);
            }
            for (index, tenure) in unit.tenures.iter().enumerate() {
                prop_assert!(unit.tenures[index + 1..].iter().all(|other| !tenure.span.overlaps(other.span)));
            }
            if let Some(lease) = unit.occupied_by() {
                prop_assert!(unit.tenure(lease).is_some());
                prop_assert_ne!(unit.status(), Some(UnitStatus::Offline));
            }
        }
    }
}
