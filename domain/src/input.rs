//! What any command's text, amounts, dates and numbers must keep, whatever it asks for.

use chrono::{Datelike, NaiveDate};

use crate::{
    Refusal,
    money::{Currency, Money},
    personal::{Contact, PersonName},
};

refusals! {
    /// Why a value that was given can't be recorded. Each names the field.
    pub enum InputRefusal {
        Rule "text-missing" => TextMissing { field: &'static str }: "`{field}` must not be empty",
        Rule "text-too-long" => TextTooLong { field: &'static str, length: usize, limit: usize }:
            "`{field}` has {length} characters; at most {limit} are kept",
        Rule "text-has-control-characters" => ControlCharacter { field: &'static str }:
            "`{field}` must not contain control characters",
        Rule "text-malformed" => Malformed { field: &'static str, expected: &'static str }:
            "`{field}` must be {expected}",
        Rule "amount-not-positive" => NotPositive { field: &'static str, amount: Money }:
            "`{field}` must be more than zero, not {amount}",
        Rule "amount-negative" => Negative { field: &'static str, amount: Money }:
            "`{field}` must not be negative, but is {amount}",
        Rule "amount-too-large" => TooLarge { field: &'static str, amount: Money }:
            "`{field}` is {amount}, more than can be recorded",
        Rule "date-out-of-range" => DateOutOfRange { field: &'static str, date: NaiveDate }:
            "`{field}` is {date}; dates lie between 1900 and 2199",
        Rule "number-out-of-range" => NumberOutOfRange { field: &'static str, number: i64, least: i64, most: i64 }:
            "`{field}` is {number}; it lies between {least} and {most}",
        Rule "too-many" => TooMany { field: &'static str, count: usize, limit: usize }:
            "`{field}` has {count} entries; at most {limit} are kept",
        Rule "listed-twice" => ListedTwice { field: &'static str, entry: String }: "`{field}` names {entry} twice",
    }
}

/// The most characters of a name or another text of one line.
pub const LINE: usize = 200;

/// The most characters of a text that may have paragraphs.
pub const TEXT: usize = 10_000;

/// The most entries of a list of words.
pub const LIST: usize = 100;

/// A name or another text of one line: not blank, at most [`LINE`] characters.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn line(field: &'static str, text: &str) -> Result<(), InputRefusal> {
    words(field, text, LINE, char::is_control)
}

/// A text that may have paragraphs: not blank, at most [`TEXT`] characters.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn text(field: &'static str, text: &str) -> Result<(), InputRefusal> {
    words(field, text, TEXT, |character| {
        character.is_control() && !matches!(character, '\n' | '\r' | '\t')
    })
}

fn words(field: &'static str, text: &str, limit: usize, forbidden: impl Fn(char) -> bool) -> Result<(), InputRefusal> {
    if text.trim().is_empty() {
        return Err(InputRefusal::TextMissing { field });
    }
    let length = text.chars().count();
    if length > limit {
        return Err(InputRefusal::TextTooLong { field, length, limit });
    }
    if text.chars().any(forbidden) {
        return Err(InputRefusal::ControlCharacter { field });
    }
    Ok(())
}

/// A list of words, such as amenities or trades: each a [`line()`], none twice, at most [`LIST`].
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn list(field: &'static str, entries: &[String]) -> Result<(), InputRefusal> {
    count(field, entries.len())?;
    for (index, entry) in entries.iter().enumerate() {
        line(field, entry)?;
        if entries[..index].contains(entry) {
            return Err(InputRefusal::ListedTwice {
                field,
                entry: entry.clone(),
            });
        }
    }
    Ok(())
}

/// A name: its family part is a [`line()`], its given part may be empty.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn person_name(field: &'static str, name: &PersonName) -> Result<(), InputRefusal> {
    line(field, &name.family)?;
    if name.given.is_empty() {
        return Ok(());
    }
    line(field, &name.given)
}

/// Addresses: whatever is given is a [`line()`], and electronic mail an [`email()`].
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn contact(contact: &Contact) -> Result<(), InputRefusal> {
    if let Some(phone) = &contact.phone {
        line("phone", phone)?;
    }
    contact.email.as_ref().map_or(Ok(()), |address| email("email", address))
}

/// An address of electronic mail: a [`line()`] with something on both sides of an `@`.
///
/// # Errors
/// Names the field and what is wrong with it.
pub fn email(field: &'static str, address: &str) -> Result<(), InputRefusal> {
    line(field, address)?;
    match address.split_once('@') {
        Some((name, host)) if !name.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace) => Ok(()),
        _ => Err(InputRefusal::Malformed {
            field,
            expected: "an address such as ada@example.com",
        }),
    }
}

/// The length of a list of anything: at most [`LIST`].
///
/// # Errors
/// Names the field and how many it has.
pub fn count(field: &'static str, count: usize) -> Result<(), InputRefusal> {
    if count > LIST {
        let limit = LIST;
        return Err(InputRefusal::TooMany { field, count, limit });
    }
    Ok(())
}

/// An amount above zero, of this currency, no larger than [`Money::MAX_MINOR`].
///
/// # Errors
/// Names the field and the amount, or both currencies.
pub fn amount(field: &'static str, amount: Money, currency: Currency) -> Result<(), Refusal> {
    if !amount.is_positive() {
        return Err(InputRefusal::NotPositive { field, amount }.into());
    }
    amount_or_zero(field, amount, currency)
}

/// The same, or nothing.
///
/// # Errors
/// Names the field and the amount, or both currencies.
pub fn amount_or_zero(field: &'static str, amount: Money, currency: Currency) -> Result<(), Refusal> {
    amount.must_be(currency)?;
    if amount.minor < 0 {
        return Err(InputRefusal::Negative { field, amount }.into());
    }
    if amount.minor > Money::MAX_MINOR {
        return Err(InputRefusal::TooLarge { field, amount }.into());
    }
    Ok(())
}

/// A day that a business could mean: 1900 to 2199.
///
/// # Errors
/// Names the field and the date.
pub fn date(field: &'static str, date: NaiveDate) -> Result<(), InputRefusal> {
    if (1900..2200).contains(&date.year()) {
        Ok(())
    } else {
        Err(InputRefusal::DateOutOfRange { field, date })
    }
}

/// A number between two others, both included.
///
/// # Errors
/// Names the field, the number and its bounds.
pub fn number(
    field: &'static str,
    number: impl Into<i64>,
    bounds: std::ops::RangeInclusive<i64>,
) -> Result<(), InputRefusal> {
    let number = number.into();
    if bounds.contains(&number) {
        Ok(())
    } else {
        Err(InputRefusal::NumberOutOfRange {
            field,
            number,
            least: *bounds.start(),
            most: *bounds.end(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_neither_blank_nor_long_nor_broken() {
        assert_eq!(line("name", "Elm Street 12"), Ok(()));
        assert_eq!(line("name", " \t"), Err(InputRefusal::TextMissing { field: "name" }));
        assert_eq!(line("name", &"ä".repeat(LINE)), Ok(()));
        assert_eq!(
            line("name", &"ä".repeat(LINE + 1)),
            Err(InputRefusal::TextTooLong {
                field: "name",
                length: LINE + 1,
                limit: LINE
            })
        );
        for broken in ["a\nb", "a\0b"] {
            assert_eq!(
                line("name", broken),
                Err(InputRefusal::ControlCharacter { field: "name" })
            );
        }
    }

    #[test]
    fn a_text_may_have_paragraphs() {
        assert_eq!(text("notes", "first\r\n\tsecond"), Ok(()));
        assert_eq!(text("notes", &"x".repeat(TEXT)), Ok(()));
        for (broken, refusal) in [
            ("", InputRefusal::TextMissing { field: "notes" }),
            ("a\0b", InputRefusal::ControlCharacter { field: "notes" }),
        ] {
            assert_eq!(text("notes", broken), Err(refusal));
        }
    }

    #[test]
    fn a_list_names_nothing_twice() {
        let entries = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(list("trades", &entries(LIST)), Ok(()));
        assert_eq!(
            list("trades", &entries(LIST + 1)),
            Err(InputRefusal::TooMany {
                field: "trades",
                count: LIST + 1,
                limit: LIST
            })
        );
        assert_eq!(
            list("trades", &["roof".into(), "roof".into()]),
            Err(InputRefusal::ListedTwice {
                field: "trades",
                entry: "roof".into()
            })
        );
        assert_eq!(
            list("trades", &[String::new()]),
            Err(InputRefusal::TextMissing { field: "trades" })
        );
    }

    #[test]
    fn a_name_has_at_least_a_family_part() {
        let name = |given: &str, family: &str| PersonName {
            given: given.into(),
            family: family.into(),
        };
        assert_eq!(person_name("name", &name("Ada", "Lovelace")), Ok(()));
        assert_eq!(person_name("name", &name("", "Drip & Sons")), Ok(()));
        for missing in [name("Ada", ""), name(" ", "Lovelace")] {
            assert_eq!(
                person_name("name", &missing),
                Err(InputRefusal::TextMissing { field: "name" })
            );
        }
    }

    #[test]
    fn mail_has_something_on_both_sides_of_the_at() {
        let with = |email: &str, phone: &str| Contact {
            email: Some(email.into()),
            phone: Some(phone.into()),
        };
        assert_eq!(contact(&Contact::default()), Ok(()));
        assert_eq!(contact(&with("ada@example.com", "+1 212 555 0100")), Ok(()));
        for wrong in ["ada", "@example.com", "ada@", "ada lovelace@example.com"] {
            let refusal = contact(&with(wrong, "1")).unwrap_err();
            assert!(
                matches!(refusal, InputRefusal::Malformed { field: "email", .. }),
                "{wrong}"
            );
        }
        assert_eq!(
            contact(&with("ada@example.com", "")),
            Err(InputRefusal::TextMissing { field: "phone" })
        );
        assert_eq!(
            contact(&with("", "1")),
            Err(InputRefusal::TextMissing { field: "email" })
        );
    }

    #[test]
    fn an_amount_is_of_the_currency_and_within_bounds() {
        let usd = |minor| Money::new(minor, Currency::USD);
        let yen = Money::new(5, "JPY".parse().unwrap());
        let check = |given| amount("amount", given, Currency::USD);
        assert_eq!(check(usd(1)), Ok(()));
        assert_eq!(check(usd(Money::MAX_MINOR)), Ok(()));
        let refusal = |refusal: InputRefusal| Err(Refusal::from(refusal));
        let field = "amount";
        assert_eq!(
            check(usd(0)),
            refusal(InputRefusal::NotPositive { field, amount: usd(0) })
        );
        let large = usd(Money::MAX_MINOR + 1);
        assert_eq!(check(large), refusal(InputRefusal::TooLarge { field, amount: large }));
        assert_eq!(check(yen), Err(yen.must_be(Currency::USD).unwrap_err().into()));
        assert_eq!(amount_or_zero(field, usd(0), Currency::USD), Ok(()));
        assert_eq!(
            amount_or_zero(field, usd(-1), Currency::USD),
            refusal(InputRefusal::Negative { field, amount: usd(-1) })
        );
    }

    #[test]
    fn dates_lie_between_1900_and_2199() {
        let on = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        assert_eq!(date("from", on(1900, 1, 1)), Ok(()));
        assert_eq!(date("from", on(2199, 12, 31)), Ok(()));
        for absurd in [on(1899, 12, 31), on(2200, 1, 1)] {
            assert_eq!(
                date("from", absurd),
                Err(InputRefusal::DateOutOfRange {
                    field: "from",
                    date: absurd
                })
            );
        }
    }

    #[test]
    fn bounds_are_included() {
        assert_eq!(number("day", 1_u8, 1..=31), Ok(()));
        assert_eq!(number("day", 31_u8, 1..=31), Ok(()));
        assert_eq!(
            number("day", 32_u8, 1..=31),
            Err(InputRefusal::NumberOutOfRange {
                field: "day",
                number: 32,
                least: 1,
                most: 31
            })
        );
    }
}
