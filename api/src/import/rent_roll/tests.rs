use super::*;

const HEADER: &str = "Property,Unit,Tenant,Status,BD/BA,Sqft,Market Rent,Rent,Deposit,Lease From,Lease To,Move-in,Move-out,Past Due,Tags";

fn roll(lines: &[&str]) -> RentRoll {
    let file = [&[HEADER], lines].concat().join("\r\n");
    read(file.as_bytes(), Currency::USD).unwrap()
}

fn faults(lines: &[&str]) -> Vec<String> {
    roll(lines).faults.iter().map(ToString::to_string).collect()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const ADA: &str = r#""Maple Court - 12 Elm St, Springfield, IL",101,"Lovelace, Ada",Current,2/1.00,850,"$1,400.00","1,367.00",1000,3/1/2025,2026-02-28,03/01/2025,,(45.10),vip"#;
const EMPTY: &str = "Maple Court,102,,Vacant-Unrented,1/1,,1200,,,,,,,";

#[test]
fn a_row_is_read_with_all_it_says() {
    let read = roll(&[ADA, EMPTY]);
    assert_eq!(read.faults, []);
    let tenancy = Tenancy {
        residents: vec![PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        }],
        stage: Stage::Current,
        rent: usd(136_700),
        from: on("2025-03-01"),
        last_day: Some(on("2026-02-28")),
        move_in: on("2025-03-01"),
        move_out: None,
        deposit: usd(100_000),
        past_due: usd(-4_510),
    };
    let ada = Row {
        line: 2,
        property: "Maple Court - 12 Elm St, Springfield, IL".into(),
        unit: "101".into(),
        rooms: (2, 2),
        square_feet: Some(850),
        market_rent: usd(140_000),
        tenancy: Some(tenancy),
    };
    assert_eq!(read.rows[0], ada);
    assert_eq!((read.rows[1].line, &read.rows[1].tenancy), (3, &None));
}

#[test]
fn headers_are_found_however_they_are_written_and_others_are_passed_over() {
    let file = "\u{feff}color, property name ,UNIT,TENANT(S),Occupancy Status,Market-Rent,RENT,lease start\nred,Oak,1,Cher,current,900,$900,2025-01-01\n";
    let read = read(file.as_bytes(), Currency::USD).unwrap();
    assert_eq!(read.faults, []);
    assert_eq!(read.rows[0].property, "Oak");
}

#[test]
fn a_file_without_the_columns_that_matter_is_refused() {
    let refused = read(b"Property,Unit,Tenant\n", Currency::USD).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the file has no column Status, no column Market Rent, no column Rent"
    );
}

#[test]
fn every_status_is_known() {
    let stage_of = |status: &str| {
        let line = format!("Oak,1,Cher,{status},1/1,,900,900,,2025-01-01,2025-12-31,,,");
        roll(&[&line]).rows[0].tenancy.as_ref().map(|tenancy| tenancy.stage)
    };
    assert_eq!(stage_of("Current"), Some(Stage::Current));
    assert_eq!(stage_of("Evict"), Some(Stage::Current));
    assert_eq!(stage_of("Notice-Unrented"), Some(Stage::OnNotice));
    assert_eq!(stage_of("NOTICE RENTED"), Some(Stage::OnNotice));
    assert_eq!(stage_of("Vacant-Rented"), Some(Stage::Future));
    assert_eq!(roll(&[EMPTY]).rows[0].tenancy, None);
}

#[test]
fn who_leaves_leaves_on_the_day_of_the_move_out_or_of_the_lease() {
    let last_day = |move_out: &str, lease_to: &str| {
        let line = format!("Oak,1,Cher,Notice-Unrented,1/1,,900,900,,2025-01-01,{lease_to},,{move_out},");
        roll(&[&line]).rows[0]
            .tenancy
            .as_ref()
            .and_then(|tenancy| tenancy.move_out)
    };
    assert_eq!(last_day("2025-06-30", "2025-12-31"), Some(on("2025-06-30")));
    assert_eq!(last_day("", "2025-12-31"), Some(on("2025-12-31")));
}

#[test]
fn every_fault_is_named_by_line_and_column() {
    let wrong = [
        "Oak,1,Cher,Rented,1/1,,900,900,,2025-01-01,,,,",
        "Oak,2,,Current,1-1,big,-5,x,-1,someday,,,,zz",
        "Oak,3,Cher,Vacant-Unrented,1/1,,900,,5,,,,,1",
        "Oak,4,Cher,Current,1/1,,900,900,,,,,,",
        "Oak,5,Cher,Notice-Unrented,1/1,,900,900,,2025-01-01,,,,",
        "Oak,6,Cher,Current,1/1,,900,900,,2025-01-01,2024-01-01,,,",
        ",,Cher,Current,1/1,,900,900,,2025-01-01,,,,",
    ];
    assert_eq!(
        faults(&wrong),
        [
            "line 2, Status: `Rented` is no status: Current, Notice-Unrented, Notice-Rented, Vacant-Rented, Vacant-Unrented or Evict",
            "line 3, BD/BA: `1-1` is no count of bedrooms and bathrooms: write 2/1.5",
            "line 3, Sqft: `big` is no area in square feet",
            "line 3, Market Rent: -5.00 USD is below zero",
            "line 3, Tenant: is empty",
            "line 3, Rent: `x` is no amount",
            "line 3, Deposit: -1.00 USD is below zero",
            "line 3, Past Due: `zz` is no amount",
            "line 3, Lease From: `someday` is no date: write 2026-01-31 or 1/31/2026",
            "line 4, Tenant: names someone, but the unit is vacant and not rented",
            "line 4, Deposit: 5.00 USD belongs to nobody: the unit is vacant",
            "line 4, Past Due: 1.00 USD belongs to nobody: the unit is vacant",
            "line 5, Lease From: is empty, and so is Move-in",
            "line 6, Move-out: is empty, and so is Lease To: when do they leave?",
            "line 7, Lease To: lies before 2025-01-01",
            "line 8, Property: is empty",
            "line 8, Unit: is empty",
        ]
    );
}

#[test]
fn a_unit_stands_in_the_file_once() {
    let again = EMPTY.replace("Maple Court", "maple court");
    assert_eq!(faults(&[EMPTY, &again]), ["line 3, Unit: stands on line 2 already"]);
    assert_eq!(
        faults(&[EMPTY, "", ",,", &again]),
        ["line 5, Unit: stands on line 2 already"]
    );
}

#[test]
fn totals_that_are_right_are_no_row() {
    for first in ["Total", "Grand Totals", "2 Units"] {
        let totals = format!(r#"{first},,,,,,"2,600.00","1,367.00",1000,,,,,-45.10"#);
        let read = roll(&[ADA, EMPTY, "", &totals]);
        assert_eq!((read.rows.len(), read.faults), (2, vec![]), "{first}");
    }
}

#[test]
fn totals_that_are_wrong_are_a_fault() {
    let totals = r#"Total,,,,,,"2,600.00","1,367.01",1000,,,,,-45.10"#;
    assert_eq!(
        faults(&[ADA, EMPTY, totals]),
        ["line 4, Rent: the total says 1367.01 USD, the rows sum to 1367.00 USD"]
    );
}
