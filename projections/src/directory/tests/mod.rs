mod conformance;
mod keys;
mod lists;

use std::sync::Arc;

use chrono::NaiveDate;
use domain::{
    ids::{ChargeId, CreditId, LeaseId, OrganizationId, PersonId, PropertyId, ResidentId, UnitId},
    lease::{ChargeKind, CreditSource, CreditTarget, LeaseEvent, Terms, Withdrawal},
    money::{Currency, Money},
    personal::{Contact, PersonName, Personal},
    property::{Address, PropertyDetails, PropertyEvent, PropertyKind},
    registry::AnyEvent,
    resident::ResidentEvent,
    span::Span,
    unit::{UnitDetails, UnitEvent},
};
use proptest::prelude::*;
use schemas::{Metadata, Shard};
use sqlx::PgConnection;
use store::testing::TestDatabase;
use streams::{ApplyError, Fact, Projection};
use uuid::Uuid;

use super::{
    queries::{Listing, Place, get, list},
    *,
};

const MAPLE: Uuid = Uuid::from_u128(1);
const COURT: PropertyId = PropertyId(Uuid::from_u128(10));
const ADA: ResidentId = ResidentId(Uuid::from_u128(20));
const LEASE: LeaseId = LeaseId(Uuid::from_u128(30));

fn unit_id(number: u128) -> UnitId {
    UnitId(Uuid::from_u128(100 + number))
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn facts(events: Vec<(Uuid, AnyEvent)>) -> Vec<Arc<Fact>> {
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    let numbered = events.into_iter().zip(1_i64..);
    numbered
        .map(|((id, event), position)| {
            Arc::new(Fact {
                epoch: 1,
                shard: Shard::new(3).unwrap(),
                position,
                tenant_id: OrganizationId(MAPLE),
                aggregate_type: String::new(),
                aggregate_id: id,
                sequence: position,
                event_type: event.name().to_owned(),
                metadata: Metadata {
                    actor: MAPLE,
                    correlation_id: MAPLE,
                    causation_id: None,
                    occurred_at: at,
                    effective_date: at.date_naive(),
                    traceparent: None,
                },
                event_id: Uuid::from_u128(u128::try_from(position).unwrap()),
                command_id: MAPLE,
                command_index: 0,
                recorded_at: at,
                event,
            })
        })
        .collect()
}

fn unit_created(number: u128) -> (Uuid, AnyEvent) {
    let details = UnitDetails {
        number: number.to_string(),
        bedrooms: 1,
        half_baths: 2,
        square_feet: None,
        market_rent: usd(100_000),
    };
    let property = COURT;
    (
        unit_id(number).0,
        AnyEvent::Unit(UnitEvent::Created { property, details }),
    )
}

fn of_lease(event: LeaseEvent) -> (Uuid, AnyEvent) {
    (LEASE.0, AnyEvent::Lease(event))
}

fn charge(number: u128) -> ChargeId {
    ChargeId(Uuid::from_u128(300 + number))
}

fn posted(number: u128, amount: i64, due_on: &str) -> (Uuid, AnyEvent) {
    of_lease(LeaseEvent::ChargePosted {
        charge: charge(number),
        kind: ChargeKind::Rent,
        description: "Rent".into(),
        amount: usd(amount),
        tax: None,
        due_on: due_on.parse().unwrap(),
        period: None,
        recurring: None,
    })
}

const RECEIPT: CreditId = CreditId(Uuid::from_u128(400));

fn applied(number: u128, amount: i64) -> (Uuid, AnyEvent) {
    of_lease(LeaseEvent::CreditApplied {
        credit: RECEIPT,
        target: CreditTarget::Charge {
            charge: charge(number),
            kind: ChargeKind::Rent,
        },
        amount: usd(amount),
        tax: None,
        on: "2026-06-01".parse().unwrap(),
    })
}

/// A property of twelve units, one let to Ada, who owes two rents, pays 1,500.00 and gets 100.00 back.
fn history() -> Vec<(Uuid, AnyEvent)> {
    let property = PropertyDetails {
        name: "Maple Court".into(),
        address: Address {
            street: "12 Elm Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: Some(1974),
        amenities: vec!["pool".into()],
    };
    let name = PersonName {
        given: "Ada".into(),
        family: "Lovelace".into(),
    };
    let ada = ResidentEvent::Created {
        name: Personal::of(PersonId(ADA.0), name),
        contact: Personal::of(PersonId(ADA.0), Contact::default()),
        birth_date: None,
        emergency_contacts: None,
    };
    let first = "2026-05-01".parse().unwrap();
    let terms = Terms {
        residents: vec![ADA],
        term: Span::open(first),
        rent: usd(100_000),
        rent_tax: None,
        due_day: 1,
    };
    let drafted = LeaseEvent::Created {
        property: COURT,
        unit: unit_id(9),
        terms,
    };
    let mut events = vec![(
        COURT.0,
        AnyEvent::Property(PropertyEvent::Created { details: property }),
    )];
    events.extend((1..=12).map(unit_created));
    events.extend([
        (ADA.0, AnyEvent::Resident(ada)),
        of_lease(drafted),
        of_lease(LeaseEvent::Signed { on: first }),
        of_lease(LeaseEvent::Activated {
            on: first,
            charged_from: first,
        }),
        (unit_id(9).0, AnyEvent::Unit(UnitEvent::Occupied { lease: LEASE })),
        posted(1, 100_000, "2026-05-01"),
        posted(2, 100_000, "2026-06-01"),
        of_lease(LeaseEvent::Credited {
            credit: RECEIPT,
            source: CreditSource::Payment,
            amount: usd(150_000),
            received_on: first,
        }),
        applied(1, 100_000),
        applied(2, 40_000),
        of_lease(LeaseEvent::CreditWithdrawn {
            credit: RECEIPT,
            amount: usd(10_000),
            why: Withdrawal::Refunded,
            on: first,
        }),
    ]);
    events
}

struct Desk {
    connection: PgConnection,
    _database: TestDatabase,
}

impl Desk {
    async fn with(facts: &[Arc<Fact>]) -> Self {
        let database = TestDatabase::new(&[]).await;
        let mut connection = database.superuser().await;
        let tables = format!("CREATE SCHEMA directory_v2; {}", Directory.tables());
        sqlx::raw_sql(&tables).execute(&mut connection).await.unwrap();
        let mut desk = Self {
            connection,
            _database: database,
        };
        desk.apply(facts).await.unwrap();
        desk
    }

    async fn apply(&mut self, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        Directory.apply(&mut self.connection, facts).await
    }

    async fn dump(&mut self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT t::text FROM directory_v2.entries t UNION ALL SELECT t::text FROM directory_v2.facets t ORDER BY 1",
        )
        .fetch_all(&mut self.connection)
        .await
        .unwrap()
    }

    async fn numbers(&mut self, listing: Listing) -> (Vec<String>, Option<Place>) {
        let page = list::<Unit>(&mut self.connection, MAPLE, &listing).await.unwrap();
        let numbers = page
            .entries
            .into_iter()
            .map(|unit| unit.document.details.number)
            .collect();
        (numbers, page.next)
    }
}

#[tokio::test]
async fn a_lease_shows_what_is_owed_and_what_is_in_its_favour() {
    let mut desk = Desk::with(&facts(history())).await;
    let lease = get::<Lease>(&mut desk.connection, MAPLE, LEASE).await.unwrap().unwrap();
    assert_eq!((lease.version, lease.document.status.as_str()), (24, "active"));
    assert_eq!((lease.document.owed, lease.document.credit), (usd(60_000), usd(0)));
    assert_eq!(lease.document.balance, usd(60_000));
    let open = Listing::of(10)
        .with("resident", ADA)
        .with("status", "open")
        .until("2026-06-01");
    let due = list::<Charge>(&mut desk.connection, MAPLE, &open).await.unwrap();
    assert_eq!(
        due.entries
            .iter()
            .map(|charge| charge.document.open)
            .collect::<Vec<_>>(),
        [usd(60_000)]
    );
    let earlier = Listing::of(10)
        .with("resident", ADA)
        .with("status", "open")
        .until("2026-05-31");
    assert!(
        list::<Charge>(&mut desk.connection, MAPLE, &earlier)
            .await
            .unwrap()
            .entries
            .is_empty()
    );
}

#[tokio::test]
async fn a_list_is_read_page_by_page_in_the_order_people_expect() {
    let mut desk = Desk::with(&facts(history())).await;
    let (first, next) = desk.numbers(Listing::of(5)).await;
    let (second, next) = desk.numbers(Listing::of(5).after(next)).await;
    let (third, end) = desk.numbers(Listing::of(5).after(next)).await;
    assert_eq!(first, ["1", "2", "3", "4", "5"]);
    assert_eq!(second, ["6", "7", "8", "9", "10"]);
    assert_eq!((third, end), (vec!["11".to_owned(), "12".to_owned()], None));
    let (whole, end) = desk.numbers(Listing::of(12).with("property", COURT)).await;
    assert_eq!((whole.len(), end), (12, None), "a page that holds the rest is the last");
}

#[tokio::test]
async fn a_list_is_filtered_by_facets_as_they_are_now() {
    let mut desk = Desk::with(&facts(history())).await;
    let with = |status| Listing::of(20).with("property", COURT).with("status", status);
    assert_eq!(desk.numbers(with("occupied")).await.0, ["9"]);
    assert_eq!(desk.numbers(with("ready")).await.0.len(), 11);
    let vacated = (unit_id(9).0, AnyEvent::Unit(UnitEvent::Vacated { lease: LEASE }));
    desk.apply(&facts(vec![vacated])).await.unwrap();
    assert!(desk.numbers(with("occupied")).await.0.is_empty());
    assert_eq!(desk.numbers(with("turning")).await.0, ["9"]);
}

#[tokio::test]
async fn a_property_counts_its_units_and_keeps_its_details() {
    let mut desk = Desk::with(&facts(history())).await;
    let court = get::<Property>(&mut desk.connection, MAPLE, COURT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (court.document.units, court.document.details.year_built),
        (12, Some(1974))
    );
    assert_eq!(
        get::<Property>(&mut desk.connection, Uuid::from_u128(2), COURT)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn what_is_erased_is_gone_from_the_list_too() {
    let mut desk = Desk::with(&facts(history())).await;
    let erased = ResidentEvent::Erased { reason: "asked".into() };
    desk.apply(&facts(vec![(ADA.0, AnyEvent::Resident(erased))]))
        .await
        .unwrap();
    let ada = get::<Resident>(&mut desk.connection, MAPLE, ADA)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((ada.document.erased, ada.document.name), (true, None));
    assert!(
        !desk
            .dump()
            .await
            .iter()
            .any(|row| row.to_lowercase().contains("lovelace"))
    );
}

#[tokio::test]
async fn an_event_about_nothing_is_refused() {
    let mut desk = Desk::with(&[]).await;
    let refused = desk.apply(&facts(vec![posted(1, 1, "2026-01-01")])).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("lease {LEASE} was never created"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn where_batches_end_makes_no_difference(ends in prop::collection::vec(1_usize..5, 25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let facts = facts(history());
            let mut desk = Desk::with(&[]).await;
            let mut rest = facts.as_slice();
            for end in ends {
                let (batch, later) = rest.split_at(end.min(rest.len()));
                desk.apply(batch).await.unwrap();
                rest = later;
            }
            assert!(rest.is_empty());
            assert_eq!(desk.dump().await, Desk::with(&facts).await.dump().await);
        });
    }
}
