//! Reads the cells of a rent roll: money, dates and counts as spreadsheets and property managers write them.

use chrono::NaiveDate;
use domain::{
    money::{Currency, Money},
    personal::PersonName,
};

/// A cell that says nothing: empty, or dashes.
pub(super) fn is_blank(cell: &str) -> bool {
    cell.chars()
        .all(|character| character.is_whitespace() || matches!(character, '-' | '–' | '—'))
}

/// An amount: `$1,367.00`, `1367`, `(45.10)`, `-45.10`, `45.10-`, `USD 45`.
pub(super) fn money(cell: &str, currency: Currency) -> Result<Money, String> {
    let text = cell.trim();
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let mut negative = inner.is_some();
    let mut digits = String::new();
    let mut decimals = None;
    for character in inner.unwrap_or(text).chars() {
        match character {
            '0'..='9' => {
                digits.push(character);
                decimals = decimals.map(|count: u32| count + 1);
            }
            '.' if decimals.is_none() => decimals = Some(0),
            '-' | '−' if !negative => negative = true,
            ',' if decimals.is_none() => {}
            _ if is_mark(character, currency) => {}
            _ => return Err(format!("`{text}` is no amount")),
        }
    }
    let decimals = decimals.unwrap_or(0);
    if digits.is_empty() || decimals > currency.decimals() {
        return Err(format!("`{text}` is no amount in {currency}"));
    }
    let scale = 10_i64.pow(currency.decimals() - decimals);
    let minor = digits.parse::<i64>().ok().and_then(|digits| digits.checked_mul(scale));
    match minor {
        Some(minor) if minor <= Money::MAX_MINOR => Ok(Money::new(if negative { -minor } else { minor }, currency)),
        _ => Err(format!("`{text}` is beyond what can be recorded")),
    }
}

/// What stands beside the digits of an amount: a symbol, the letters of the currency's code, white space.
fn is_mark(character: char, currency: Currency) -> bool {
    matches!(character, '$' | '€' | '£' | '¥') || character.is_whitespace() || currency.code().contains(character)
}

/// A day: `2026-01-31`, or the American `1/31/2026` and `1/31/26`.
pub(super) fn date(cell: &str) -> Result<NaiveDate, String> {
    let text = cell.trim();
    let american = || {
        let mut parts = text.split('/').map(|part| part.parse::<u32>().ok());
        let (month, day, year) = (parts.next()??, parts.next()??, parts.next()??);
        let year = if year < 100 { 2000 + year } else { year };
        if parts.next().is_some() {
            return None;
        }
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    };
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .or_else(american)
        .ok_or_else(|| format!("`{text}` is no date: write 2026-01-31 or 1/31/2026"))
}

/// Bedrooms, and bathrooms in halves: `2/1.50`, `Studio/1`, `2 / 1`, `--/--`.
pub(super) fn rooms(cell: &str) -> Result<(u8, u8), String> {
    let text = cell.trim();
    let wrong = || format!("`{text}` is no count of bedrooms and bathrooms: write 2/1.5");
    let (bedrooms, baths) = text.split_once('/').ok_or_else(wrong)?;
    let bedrooms = match bedrooms.trim() {
        blank if is_blank(blank) => 0,
        studio if studio.eq_ignore_ascii_case("studio") => 0,
        count => count.parse().map_err(|_| wrong())?,
    };
    Ok((bedrooms, half_baths(baths).ok_or_else(wrong)?))
}

fn half_baths(cell: &str) -> Option<u8> {
    if is_blank(cell) {
        return Some(0);
    }
    let (whole, part) = cell.trim().split_once('.').unwrap_or((cell.trim(), "0"));
    let half = match part.trim_end_matches('0') {
        "" => 0,
        "5" => 1,
        _ => return None,
    };
    whole.parse::<u8>().ok()?.checked_mul(2)?.checked_add(half)
}

/// An area in square feet: `850`, `1,150`, `850 sqft`.
pub(super) fn square_feet(cell: &str) -> Result<u32, String> {
    let text = cell.trim();
    let number = text.trim_end_matches(|character: char| character.is_alphabetic() || matches!(character, ' ' | '.'));
    let digits: String = number.chars().filter(|character| *character != ',').collect();
    digits
        .parse()
        .map_err(|_| format!("`{text}` is no area in square feet"))
}

/// The people of a cell: `Ada Lovelace`, `Lovelace, Ada`, several with `;` or `&` between them.
pub(super) fn people(cell: &str) -> Vec<PersonName> {
    cell.split([';', '&'])
        .map(str::trim)
        .filter(|name| !is_blank(name))
        .map(person)
        .collect()
}

fn person(name: &str) -> PersonName {
    let (given, family) = match name.split_once(',') {
        Some((family, given)) => (given.trim(), family.trim()),
        None => name.rsplit_once(char::is_whitespace).unwrap_or(("", name)),
    };
    PersonName {
        given: given.trim().to_owned(),
        family: family.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(cell: &str) -> Result<i64, String> {
        money(cell, Currency::USD).map(|amount| amount.minor)
    }

    #[test]
    fn an_amount_is_read_however_it_is_written() {
        for (cell, cents) in [
            ("$1,367.00", 136_700),
            ("1367", 136_700),
            (" 1,367.5 ", 136_750),
            ("(45.10)", -4_510),
            ("($ 1,045.10)", -104_510),
            ("-45.10", -4_510),
            ("−45.10", -4_510),
            ("45.10-", -4_510),
            ("USD 45", 4_500),
            ("0.00", 0),
        ] {
            assert_eq!(minor(cell), Ok(cents), "{cell}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for cell in [
            "",
            "abc",
            "1.234",
            "1.2.3",
            "12,5x",
            "(5",
            "--5",
            "99999999999999999999",
        ] {
            assert!(minor(cell).is_err(), "{cell}");
        }
        assert!(money("1.5", "JPY".parse().unwrap()).is_err());
    }

    #[test]
    fn a_date_is_iso_or_american() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
        for cell in ["2026-01-31", "1/31/2026", "01/31/2026", "1/31/26"] {
            assert_eq!(date(cell), Ok(day), "{cell}");
        }
        for cell in ["31/1/2026", "2026-02-30", "1/31", "1/31/2026/1", "soon"] {
            assert!(date(cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn rooms_are_counted_with_half_baths() {
        for (cell, count) in [
            ("2/1.50", (2, 3)),
            ("2 / 1", (2, 2)),
            ("Studio/1.0", (0, 2)),
            ("0/1", (0, 2)),
            ("--/--", (0, 0)),
        ] {
            assert_eq!(rooms(cell), Ok(count), "{cell}");
        }
        for cell in ["2", "x/1", "2/1.25", "2/200"] {
            assert!(rooms(cell).is_err(), "{cell}");
        }
    }

    #[test]
    fn an_area_may_say_its_unit() {
        assert_eq!(square_feet("1,150 sqft"), Ok(1150));
        assert_eq!(square_feet("850 sq. ft."), Ok(850));
        assert!(square_feet("large").is_err());
    }

    #[test]
    fn names_are_read_in_either_order() {
        let ada = PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        };
        assert_eq!(people("Ada Lovelace"), std::slice::from_ref(&ada));
        assert_eq!(people("Lovelace, Ada"), std::slice::from_ref(&ada));
        let both = people("Lovelace, Ada; Mary Ann Evans");
        assert_eq!(both[0], ada);
        assert_eq!((both[1].given.as_str(), both[1].family.as_str()), ("Mary Ann", "Evans"));
        assert_eq!(people("Cher")[0].family, "Cher");
        assert!(people(" -- ").is_empty());
    }
}
