use super::*;
use crate::import::rent_roll;

const HEADER: &str = "Property,Unit,Tenant,Status,Market Rent,Rent,Lease From,Lease To,Move-in,Move-out,Past Due";

fn faults(lines: &[&str]) -> Vec<String> {
    let file = [&[HEADER], lines].concat().join("\n");
    let roll = rent_roll::read(file.as_bytes(), Currency::USD).unwrap();
    assert_eq!(roll.faults, []);
    let as_of = "2026-11-01".parse().unwrap();
    faults_as_of(&roll.rows, as_of)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_row_must_fit_the_day_it_is_as_of() {
    let wrong = [
        "Oak,1,Cher,Vacant-Rented,900,900,2026-11-01,,,,",
        "Oak,2,Cher,Vacant-Rented,900,900,2026-12-01,,,,5",
        "Oak,3,Cher,Current,900,900,2026-01-01,,2026-11-02,,",
        "Oak,4,Cher,Notice-Unrented,900,900,2026-01-01,,,2026-10-31,",
    ];
    assert_eq!(
        faults(&wrong),
        [
            "line 2, Lease From: 2026-11-01 is not after 2026-11-01, but nobody has moved in",
            "line 3, Past Due: 5.00 USD on a lease that has not begun",
            "line 4, Move-in: 2026-11-02 lies after 2026-11-01",
            "line 5, Move-out: 2026-10-31 lies before 2026-11-01, but they live there",
        ]
    );
    let right = [
        "Oak,1,Cher,Vacant-Rented,900,900,2026-11-02,,,,",
        "Oak,3,Cher,Current,900,900,2026-01-01,,2026-11-01,,5",
        "Oak,4,Cher,Notice-Unrented,900,900,2026-01-01,,,2026-11-01,",
    ];
    assert!(faults(&right).is_empty());
}

#[test]
fn a_property_is_named_and_placed_as_far_as_the_file_says() {
    let full = place("Maple Court - 12 Elm Street, Springfield, IL 62701");
    let address = &full.address;
    assert_eq!(full.name, "Maple Court");
    assert_eq!(
        [&address.street, &address.city, &address.region, &address.postal_code],
        ["12 Elm Street", "Springfield", "IL", "62701"]
    );
    let bare = place("Oak");
    assert_eq!((bare.name.as_str(), bare.address.city.as_str()), ("Oak", "(not given)"));
    assert_eq!(place("Oak - 1 Main, Rome, GA").address.region, "GA");
}
