//! Which crate may need which: no arrow points upwards.

use tests::sources::{arrows, root};

/// Each crate with all that it may need. `api` and `tests` may need every other.
const MAY_NEED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("schemas", &["domain"]),
    ("store", &["schemas", "domain"]),
    ("commands", &["store", "schemas", "domain"]),
    ("streams", &["store", "schemas", "domain"]),
    ("projections", &["streams", "store", "schemas", "domain"]),
    ("reactions", &["commands", "streams", "store", "schemas", "domain"]),
    ("audit", &["store", "schemas", "domain"]),
    ("replay", &["projections", "streams", "store", "schemas", "domain"]),
];
const NEED_ALL: [&str; 2] = ["api", "tests"];

/// Every arrow that the table doesn't have.
fn offending(arrows: &[(String, Vec<String>)]) -> Vec<String> {
    let mut found = Vec::new();
    for (from, needs) in arrows.iter().filter(|(from, _)| !NEED_ALL.contains(&from.as_str())) {
        let allowed = MAY_NEED
            .iter()
            .find(|(name, _)| name == from)
            .map(|(_, allowed)| *allowed);
        match allowed {
            None => found.push(format!("{from} is not in the table")),
            Some(allowed) => {
                found.extend(
                    needs
                        .iter()
                        .filter(|to| !allowed.contains(&to.as_str()))
                        .map(|to| format!("{from} -> {to}")),
                );
            }
        }
    }
    found
}

#[test]
fn no_crate_needs_one_above_it() {
    let arrows = arrows();
    assert!(arrows.len() >= 9, "the workspace has more crates than {arrows:?}");
    assert_eq!(offending(&arrows), [""; 0]);
}

#[test]
fn an_arrow_outside_the_table_is_found() {
    let arrow = |from: &str, to: &str| (from.to_owned(), vec![to.to_owned()]);
    assert_eq!(offending(&[arrow("domain", "store")]), ["domain -> store"]);
    assert_eq!(offending(&[arrow("streams", "commands")]), ["streams -> commands"]);
    assert_eq!(
        offending(&[arrow("helpers", "domain")]),
        ["helpers is not in the table"]
    );
    assert_eq!(offending(&[arrow("api", "replay")]), [""; 0]);
}

#[test]
fn the_map_shows_the_same_table() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = map.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        Some((
            cells.first()?.strip_suffix("/`")?.to_owned(),
            (*cells.get(2)?).to_owned(),
        ))
    });
    let shown: Vec<(String, String)> = rows.collect();
    for (name, _) in arrows() {
        let expected = match MAY_NEED.iter().find(|(known, _)| *known == name) {
            Some((_, [])) => "nothing".to_owned(),
            Some((_, allowed)) => allowed.join(", "),
            None => "all".to_owned(),
        };
        assert!(
            shown.contains(&(name.clone(), expected.clone())),
            "ARCHITECTURE.md: {name} may need {expected}: {shown:?}"
        );
    }
}
