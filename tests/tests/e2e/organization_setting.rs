//! On whose behalf a query runs is decided in one place. Row-level security is worth as much as that.

use tests::sources::files;

/// Written apart, so that this file isn't found.
const SETTING: &str = concat!("app.", "current_tenant_id");
const SET_CONFIG: &str = concat!("set_", "config(");

/// The places in a text that set the organization, or could, since the name of what they set comes from elsewhere.
fn places(text: &str) -> usize {
    let code = text
        .lines()
        .map(str::trim)
        .filter(|line| !["//", "--", "#", "*"].iter().any(|mark| line.starts_with(mark)));
    code.filter(|line| {
        let reads_it = line.contains("current_setting(");
        let sets_anything = line
            .split(SET_CONFIG)
            .nth(1)
            .is_some_and(|argument| !argument.starts_with('\''));
        (line.contains(SETTING) && !reads_it) || sets_anything
    })
    .count()
}

#[test]
fn one_place_sets_the_organization() {
    let found: Vec<(String, usize)> = files(&["rs", "sql", "py", "sh", "toml"])
        .into_iter()
        .map(|(path, text)| (path, places(&text)))
        .filter(|(_, places)| *places > 0)
        .collect();
    assert_eq!(found, [("store/src/organization.rs".to_owned(), 1)]);
}

#[test]
fn every_way_to_set_it_is_found() {
    assert_eq!(places(&format!("SET LOCAL {SETTING} = '1'")), 1);
    assert_eq!(places(&format!("SELECT {SET_CONFIG}'{SETTING}', $1, true)")), 1);
    assert_eq!(places(&format!("SELECT {SET_CONFIG}$1, $2, true)")), 1);
    assert_eq!(places(&format!("ALTER ROLE propertyos_app SET \"{SETTING}\" = '1'")), 1);
    assert_eq!(
        places(&format!("USING (tenant_id = current_setting('{SETTING}', true)::uuid)")),
        0
    );
    assert_eq!(places(&format!("SELECT {SET_CONFIG}'lock_timeout', '1s', true)")), 0);
    assert_eq!(places(&format!("// SET LOCAL {SETTING} is what it does")), 0);
}
