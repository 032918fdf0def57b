use domain::{
    ids::{LeaseId, OrganizationId, PersonId, PropertyId, ResidentId, UnitId},
    lease::{LeaseEvent, Terms},
    money::{Currency, Money},
    personal::{Contact, PersonName, Personal},
    property::{Address, PropertyDetails, PropertyEvent, PropertyKind},
    registry::AnyEvent,
    resident::ResidentEvent,
    span::Span,
    unit::{UnitDetails, UnitEvent},
};
use proptest::prelude::*;
use schemas::{Cursor, Shard};
use uuid::Uuid;

use super::{
    apply::{Happening, apply},
    *,
};

const MAPLE: OrganizationId = OrganizationId(Uuid::from_u128(1));
const OTHER: OrganizationId = OrganizationId(Uuid::from_u128(2));
const COURT: Uuid = Uuid::from_u128(10);
const UNIT: Uuid = Uuid::from_u128(11);
const ADA: Uuid = Uuid::from_u128(12);
const LEASE: Uuid = Uuid::from_u128(13);

fn property(name: &str) -> PropertyDetails {
    PropertyDetails {
        name: name.into(),
        address: Address {
            street: "12 Élysée Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: None,
        amenities: vec!["pool <heated> & sauna".into()],
    }
}

fn named(given: &str, family: &str) -> Personal<PersonName> {
    let name = PersonName {
        given: given.into(),
        family: family.into(),
    };
    Personal::of(PersonId(ADA), name)
}

fn reached(email: &str) -> Personal<Contact> {
    let contact = Contact {
        email: Some(email.into()),
        phone: Some("+1 217 555 0100".into()),
    };
    Personal::of(PersonId(ADA), contact)
}

/// A property with a unit, let to Ada Lovelace.
fn history() -> Vec<(Uuid, AnyEvent)> {
    let rent = Money::new(136_700, Currency::USD);
    let details = UnitDetails {
        number: "101".into(),
        bedrooms: 2,
        half_baths: 2,
        square_feet: None,
        market_rent: rent,
    };
    let terms = Terms {
        residents: vec![ResidentId(ADA)],
        term: Span::open("2026-06-01".parse().unwrap()),
        rent,
        rent_tax: None,
        due_day: 1,
    };
    let created = ResidentEvent::Created {
        name: named("Ada", "Lovelace"),
        contact: reached("ada@example.com"),
        birth_date: None,
        emergency_contacts: None,
    };
    vec![
        (
            COURT,
            AnyEvent::Property(PropertyEvent::Created {
                details: property("Maple Court"),
            }),
        ),
        (
            UNIT,
            AnyEvent::Unit(UnitEvent::Created {
                property: PropertyId(COURT),
                details,
            }),
        ),
        (ADA, AnyEvent::Resident(created)),
        (
            LEASE,
            AnyEvent::Lease(LeaseEvent::Created {
                property: PropertyId(COURT),
                unit: UnitId(UNIT),
                terms,
            }),
        ),
    ]
}

struct Desk {
    shelf: Shelf,
    library: Library,
    folder: tempfile::TempDir,
}

impl Desk {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path()).unwrap();
        Self {
            library: shelf.library(),
            shelf,
            folder,
        }
    }

    fn with(history: &[(Uuid, AnyEvent)]) -> Self {
        let mut desk = Self::empty();
        for (id, event) in history {
            desk.happens(*id, event).unwrap();
        }
        desk.commit();
        desk
    }

    fn happens(&mut self, id: Uuid, event: &AnyEvent) -> Result<(), ShelfError> {
        let organization = MAPLE;
        apply(
            &mut self.shelf,
            &Happening {
                organization,
                id,
                event,
            },
        )
    }

    fn commit(&mut self) {
        self.shelf.commit(&Marks::default()).unwrap();
    }

    fn find(&self, words: &str) -> Vec<Uuid> {
        let question = Question {
            words: words.into(),
            limit: 10,
            ..Question::default()
        };
        self.library
            .find(MAPLE, &question)
            .unwrap()
            .hits
            .iter()
            .map(|hit| hit.id)
            .collect()
    }
}

#[test]
fn a_thing_is_found_by_its_words_however_they_are_typed() {
    let desk = Desk::with(&history());
    for words in [
        "Lovelace",
        "lovelace ada",
        "LOVELCAE",
        "lovel",
        "ada@example.com",
        "0100",
    ] {
        assert_eq!(desk.find(words).first(), Some(&ADA), "{words}");
    }
    for words in ["maple court", "elysee", "springfeild", "saunna"] {
        assert_eq!(desk.find(words).first(), Some(&COURT), "{words}");
    }
    assert!(desk.find("maple zebra").is_empty(), "every word must be found");
    assert!(desk.find("102").is_empty(), "a number has no typos");
}

#[test]
fn a_lease_is_found_by_what_it_belongs_to() {
    let desk = Desk::with(&history());
    let question = Question {
        words: "lovelace 101".into(),
        kind: Some(Kind::Lease),
        status: Some("draft".into()),
        limit: 10,
        ..Question::default()
    };
    let found = desk.library.find(MAPLE, &question).unwrap();
    assert_eq!((found.total, found.hits[0].id), (1, LEASE));
    assert_eq!(found.hits[0].context, "Maple Court · 101 · Ada Lovelace");
    let signed = Question {
        status: Some("signed".into()),
        ..question
    };
    assert_eq!(desk.library.find(MAPLE, &signed).unwrap().total, 0);
}

#[test]
fn what_was_found_is_marked_and_the_rest_is_escaped() {
    let desk = Desk::with(&history());
    let question = Question {
        words: "heatde".into(),
        limit: 10,
        ..Question::default()
    };
    let found = desk.library.find(MAPLE, &question).unwrap();
    assert_eq!(found.hits[0].highlights, ["pool &lt;<em>heated</em>&gt; &amp; sauna"]);
}

#[test]
fn another_organization_finds_nothing_of_it() {
    let desk = Desk::with(&history());
    for words in ["", "lovelace", "maple"] {
        let question = Question {
            words: words.into(),
            limit: 10,
            ..Question::default()
        };
        assert_eq!(desk.library.find(OTHER, &question).unwrap().total, 0, "{words}");
    }
}

#[test]
fn a_new_name_shows_wherever_the_old_one_did() {
    let mut desk = Desk::with(&history());
    let renamed = ResidentEvent::Updated {
        name: named("Ada", "King"),
        contact: reached("ada@example.com"),
        birth_date: None,
        emergency_contacts: None,
    };
    desk.happens(ADA, &AnyEvent::Resident(renamed)).unwrap();
    desk.commit();
    assert!(desk.find("lovelace").is_empty());
    let mut found = desk.find("king");
    found.sort();
    assert_eq!(found, [ADA, LEASE]);
}

#[test]
fn what_is_erased_is_found_no_more_and_gone_from_the_disk() {
    let mut desk = Desk::with(&history());
    let erased = ResidentEvent::Erased { reason: "asked".into() };
    desk.happens(ADA, &AnyEvent::Resident(erased)).unwrap();
    desk.commit();
    for words in ["lovelace", "ada", "0100"] {
        assert!(desk.find(words).is_empty(), "{words}");
    }
    for file in std::fs::read_dir(desk.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        for word in ["lovelace", "Lovelace"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()));
        }
    }
}

#[test]
fn an_event_about_nothing_is_refused_and_changes_nothing() {
    let mut desk = Desk::with(&history());
    let before = desk.shelf.dump().unwrap();
    let refused = desk
        .happens(Uuid::from_u128(99), &AnyEvent::Unit(UnitEvent::MadeReady))
        .unwrap_err();
    assert!(matches!(refused, ShelfError::Unknown { .. }));
    desk.commit();
    assert_eq!(desk.shelf.dump().unwrap(), before);
}

#[test]
fn a_commit_keeps_how_far_the_log_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let read = Shard::all()
        .map(|shard| Mark {
            cursor: Cursor {
                epoch: 1,
                shard,
                position: 7,
            },
            event_id: Uuid::from_u128(5),
        })
        .collect();
    let marks = Marks {
        read,
        parked: Vec::new(),
    };
    let mut shelf = Shelf::open(folder.path()).unwrap();
    assert_eq!(shelf.payload::<Marks>().unwrap(), None);
    shelf.commit(&marks).unwrap();
    drop(shelf);
    assert_eq!(Shelf::open(folder.path()).unwrap().payload().unwrap(), Some(marks));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn where_commits_fall_makes_no_difference(commits in prop::collection::vec(any::<bool>(), 6)) {
        let mut events = history();
        events.push((UNIT, AnyEvent::Unit(UnitEvent::Occupied { lease: LeaseId(LEASE) })));
        events.push((COURT, AnyEvent::Property(PropertyEvent::Updated { details: property("Oak Court") })));
        let mut desk = Desk::empty();
        for ((id, event), commit) in events.iter().zip(commits) {
            desk.happens(*id, event).unwrap();
            if commit {
                desk.commit();
            }
        }
        desk.commit();
        prop_assert_eq!(desk.shelf.dump().unwrap(), Desk::with(&events).shelf.dump().unwrap());
    }
}
