//! Values as requests carry them: each checks itself while it is read, by the domain's own rules, so that the field at
//! fault is named by its whole path.

use std::{fmt, marker::PhantomData};

use chrono::NaiveDate;
use domain::{
    input,
    money::{Currency, Money},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type, schema::AdditionalProperties},
};

/// What a line may hold: no control characters, and something besides space.
const LINE_PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// The same, but with tabs and line ends.
const TEXT_PATTERN: &str =
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

/// Reads an object, never a list that has its fields in order: serde takes either for a struct.
///
/// # Errors
/// Whatever keeps it from being one.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(fields))
        }
    }

    deserializer.deserialize_map(Fields(PhantomData))
}

/// Reads a list of objects.
///
/// # Errors
/// Whatever keeps it from being one.
pub fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(object)| object).collect())
}

/// What is read as an object only.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// Something on both sides of the first `@`.
const EMAIL_PATTERN: &str = r"^[^\s@\x00-\x1f\x7f-\x9f]{1,64}@[^\s@\x00-\x1f\x7f-\x9f]{1,100}$";

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident by $check:path, at most $limit:expr, like $pattern:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $check("", &text).map_err(unnamed)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some($limit))
                    .pattern(Some($pattern))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

texts! {
    /// A name or another text of one line.
    Line by input::line, at most input::LINE, like LINE_PATTERN;
    /// A text that may have paragraphs.
    Text by input::text, at most input::TEXT, like TEXT_PATTERN;
    /// An address of electronic mail.
    Email by input::email, at most input::LINE, like EMAIL_PATTERN;
}

/// Refusals of the domain name a field; here the path that the reader kept does.
fn unnamed<E: serde::de::Error>(refusal: impl std::fmt::Display) -> E {
    E::custom(refusal.to_string().trim_start_matches("`` "))
}

/// An amount above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Money);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let money: Money = object(deserializer)?;
        input::amount("", money, money.currency).map_err(unnamed)?;
        Ok(Self(money))
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        money_from(1, "An amount above zero, in minor units: cents for USD.")
    }
}

impl ToSchema for Amount {}

/// An amount of zero or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountOrZero(pub Money);

impl<'de> Deserialize<'de> for AmountOrZero {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let money: Money = object(deserializer)?;
        input::amount_or_zero("", money, money.currency).map_err(unnamed)?;
        Ok(Self(money))
    }
}

impl From<AmountOrZero> for Money {
    fn from(amount: AmountOrZero) -> Self {
        amount.0
    }
}

impl PartialSchema for AmountOrZero {
    fn schema() -> RefOr<Schema> {
        money_from(0, "An amount of zero or more, in minor units: cents for USD.")
    }
}

impl ToSchema for AmountOrZero {}

fn money_from(least: i64, description: &str) -> RefOr<Schema> {
    let minor = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(least))
        .maximum(Some(Money::MAX_MINOR));
    ObjectBuilder::new()
        .description(Some(description))
        .property("minor", minor)
        .property("currency", Currency::schema())
        .required("minor")
        .required("currency")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .into()
}

/// A day that a business could mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let date = NaiveDate::deserialize(deserializer)?;
        input::date("", date).map_err(unnamed)?;
        Ok(Self(date))
    }
}

impl From<Day> for NaiveDate {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .pattern(Some("^(19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}$"))
            .description(Some("A day from 1900 to 2199."))
            .into()
    }
}

impl ToSchema for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: for<'de> Deserialize<'de>>(json: &str) -> String {
        match serde_json::from_str::<T>(json) {
            Ok(_) => panic!("{json} was taken"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn texts_keep_the_rules_of_the_domain() {
        assert_eq!(serde_json::from_str::<Line>(r#""12 Elm""#).unwrap().0, "12 Elm");
        assert!(refused::<Line>(r#"" ""#).starts_with("must not be empty"));
        assert!(refused::<Line>(r#""a\u0000""#).starts_with("must not contain control characters"));
        assert!(refused::<Text>(&format!("\"{}\"", "x".repeat(input::TEXT + 1))).starts_with("has 10001 characters"));
    }

    #[test]
    fn amounts_and_days_keep_the_rules_of_the_domain() {
        assert!(refused::<Amount>(r#"{"minor":0,"currency":"USD"}"#).starts_with("must be more than zero"));
        assert!(refused::<AmountOrZero>(r#"{"minor":-1,"currency":"USD"}"#).starts_with("must not be negative"));
        assert!(refused::<Amount>(r#"{"minor":1.5,"currency":"USD"}"#).contains("floating point"));
        assert!(refused::<Day>(r#""1066-10-14""#).contains("dates lie between 1900 and 2199"));
        assert!(serde_json::from_str::<Day>(r#""2026-02-28""#).is_ok());
    }
}
