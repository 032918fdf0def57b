//! One JSON text for everything that asks the same.

use serde::Serialize;
use serde_json::Value;

/// The JSON of a value with its members in order of their names, and without those that are null: a field that a later
/// release adds, and that isn't given, changes nothing.
pub(super) fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(canonical(serde_json::to_value(value)?).to_string())
}

fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, canonical(value)))
                    .collect(),
            )
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn members_stand_in_order_and_those_without_a_value_are_left_out() {
        let value = json!({"b": [{"y": 1, "x": null}, null], "a": "\u{e9}", "c": {"d": null}});
        assert_eq!(super::json(&value).unwrap(), r#"{"a":"é","b":[{"y":1},null],"c":{}}"#);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-e]{0,2}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_canonical_stays_as_it_is(value in any_json()) {
            let once = super::json(&value).unwrap();
            let again: Value = serde_json::from_str(&once).unwrap();
            prop_assert_eq!(super::json(&again).unwrap(), once);
        }

        #[test]
        fn values_that_differ_in_more_than_nulls_differ_in_text(one in any_json(), other in any_json()) {
            let same = canonical(one.clone()) == canonical(other.clone());
            prop_assert_eq!(super::json(&one).unwrap() == super::json(&other).unwrap(), same);
        }
    }
}
