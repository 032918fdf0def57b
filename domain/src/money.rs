//! Money: whole minor units of one currency. No float ever holds it.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::refusals::{Nature, Refuse};

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal places the minor unit has: 2 for cents, 0 for yen. Currencies without one count in whole units.
    #[must_use]
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is no ISO 4217 code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no ISO 4217 currency code")]
pub struct UnknownCurrency(String);

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        iso_currency::Currency::from_code(text)
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.to_owned()))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"], "description": "An ISO 4217 currency code."})
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .examples(["USD"])
            .description(Some("An ISO 4217 currency code."))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Currency {}

/// An amount of money, negative too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In minor units: cents for USD.
    pub minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

/// Why two amounts could not be reckoned together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// They are of different currencies.
    #[error("{given} was given where {expected} is needed")]
    Currency {
        /// The currency that is needed.
        expected: Currency,
        /// The currency that was given.
        given: Currency,
    },
    /// The result is beyond what is counted here.
    #[error("the amount is beyond what can be recorded")]
    Overflow,
}

impl Refuse for MoneyError {
    fn rule(&self) -> &'static str {
        match self {
            Self::Currency { .. } => "wrong-currency",
            Self::Overflow => "amount-out-of-range",
        }
    }

    fn nature(&self) -> Nature {
        Nature::Rule
    }
}

impl Money {
    /// The largest amount that a command may carry: ten billion of a currency with cents. Millions of them sum in an `i64`.
    pub const MAX_MINOR: i64 = 1_000_000_000_000;

    /// So many minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, of a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// True above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// True at zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Refuses different currencies and overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// Refuses different currencies and overflow.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The lesser of two amounts of one currency.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self::new(self.minor.min(other.minor), self.currency)
    }

    /// This many of it.
    ///
    /// # Errors
    /// Refuses overflow.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// `numerator / denominator` of it, rounded once, half away from zero. A denominator of zero is an overflow.
    ///
    /// # Errors
    /// Refuses what lies beyond an `i64`.
    pub fn fraction(self, numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        let exact = i128::from(self.minor)
            .checked_mul(numerator)
            .ok_or(MoneyError::Overflow)?;
        let minor = i64::try_from(divide_half_away(exact, denominator)?).map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// Splits by weights so that the parts sum to the whole: the largest remainders get the minor units left over, the
    /// earlier of equals first.
    ///
    /// # Errors
    /// Refuses weights that sum to zero.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            return Err(MoneyError::Overflow);
        }
        let whole = u128::from(self.minor.unsigned_abs());
        let mut parts: Vec<(u128, u128)> = weights
            .iter()
            .map(|weight| {
                let share = whole * u128::from(*weight);
                (share / total, share % total)
            })
            .collect();
        let left = whole - parts.iter().map(|(part, _)| part).sum::<u128>();
        let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
        by_remainder.sort_by_key(|index| std::cmp::Reverse(parts[*index].1));
        for index in by_remainder
            .into_iter()
            .take(usize::try_from(left).map_err(|_| MoneyError::Overflow)?)
        {
            parts[index].0 += 1;
        }
        parts
            .into_iter()
            .map(|(part, _)| {
                let part = i64::try_from(part).map_err(|_| MoneyError::Overflow)?;
                Ok(Self::new(part * self.minor.signum(), self.currency))
            })
            .collect()
    }

    /// Refuses another currency.
    ///
    /// # Errors
    /// Names both currencies.
    pub fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        self.must_be(other.currency).map_err(|_| MoneyError::Currency {
            expected: self.currency,
            given: other.currency,
        })
    }

    /// Refuses an amount that is not of this currency.
    ///
    /// # Errors
    /// Names both currencies.
    pub fn must_be(self, expected: Currency) -> Result<(), MoneyError> {
        if self.currency == expected {
            Ok(())
        } else {
            Err(MoneyError::Currency {
                expected,
                given: self.currency,
            })
        }
    }
}

/// `numerator / denominator`, half away from zero.
pub(crate) fn divide_half_away(numerator: i128, denominator: i128) -> Result<i128, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::Overflow);
    }
    let quotient = numerator / denominator;
    let remainder = numerator % denominator;
    let away = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    let doubled = remainder.unsigned_abs() * 2;
    Ok(if doubled >= denominator.unsigned_abs() {
        quotient + away
    } else {
        quotient
    })
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, part) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        if decimals == 0 {
            write!(f, "{sign}{whole} {}", self.currency)
        } else {
            write!(
                f,
                "{sign}{whole}.{part:0width$} {}",
                self.currency,
                width = decimals as usize
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    #[test]
    fn it_is_shown_in_units_of_its_currency() {
        assert_eq!(usd(136_700).to_string(), "1367.00 USD");
        assert_eq!(usd(-5).to_string(), "-0.05 USD");
        assert_eq!(usd(0).to_string(), "0.00 USD");
        assert_eq!(Money::new(1500, "JPY".parse().unwrap()).to_string(), "1500 JPY");
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (minor, rounded) in [(5, 3), (-5, -3), (4, 2), (7, 4), (-7, -4)] {
            assert_eq!(usd(minor).fraction(1, 2), Ok(usd(rounded)));
        }
        assert_eq!(usd(100_000).fraction(12, 31), Ok(usd(38_710)));
        assert_eq!(usd(1).fraction(1, 0), Err(MoneyError::Overflow));
        assert_eq!(usd(5).fraction(1, -2), Ok(usd(-3)));
    }

    #[test]
    fn currencies_do_not_mix() {
        let yen = Money::new(1, "JPY".parse().unwrap());
        let refused = MoneyError::Currency {
            expected: Currency::USD,
            given: yen.currency,
        };
        assert_eq!(usd(1).plus(yen), Err(refused.clone()));
        assert_eq!(usd(1).minus(yen), Err(refused));
    }

    #[test]
    fn the_lesser_of_two_amounts() {
        assert_eq!(usd(1).least(usd(2)), usd(1));
        assert_eq!(usd(1).least(usd(-2)), usd(-2));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(usd(i64::MAX).plus(usd(1)), Err(MoneyError::Overflow));
        assert_eq!(usd(i64::MIN).minus(usd(1)), Err(MoneyError::Overflow));
        assert_eq!(usd(i64::MAX).times(2), Err(MoneyError::Overflow));
        assert_eq!(usd(1).split(&[0, 0]), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_stored_amount_is_read_back() {
        let json = serde_json::to_string(&usd(-12)).unwrap();
        assert_eq!(json, r#"{"minor":-12,"currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd(-12));
        assert!(serde_json::from_str::<Money>(r#"{"minor":1,"currency":"usd"}"#).is_err());
    }

    #[test]
    fn the_largest_remainder_gets_the_odd_cent() {
        assert_eq!(usd(100).split(&[1, 1, 1]).unwrap(), [usd(34), usd(33), usd(33)]);
        assert_eq!(usd(-100).split(&[1, 2]).unwrap(), [usd(-33), usd(-67)]);
        assert_eq!(usd(100).split(&[3, 4]).unwrap(), [usd(43), usd(57)]);
        assert_eq!(usd(0).split(&[1, 2]).unwrap(), [usd(0), usd(0)]);
    }

    proptest! {
        #[test]
        fn the_parts_of_a_split_sum_to_the_whole(
            minor in -Money::MAX_MINOR..Money::MAX_MINOR,
            weights in prop::collection::vec(0_u64..1_000_000, 1..20),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = usd(minor).split(&weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| part.minor).sum::<i64>(), minor);
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = i128::from(minor) * i128::from(*weight);
                let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
                prop_assert!((i128::from(part.minor) * total - exact).abs() < total);
            }
        }
    }
}
