//! A report as a table, for programs that want rows: spreadsheets, and later other formats.

use std::borrow::Cow;

use chrono::NaiveDate;
use domain::money::Money;

use super::Heading;

/// A report that is a table.
pub trait Table {
    /// What its columns are called.
    const COLUMNS: &'static [&'static str];

    /// What it is about.
    fn heading(&self) -> &Heading;

    /// A cell for each column.
    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>>;
}

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Words.
    Text(Cow<'a, str>),
    /// A day.
    Date(NaiveDate),
    /// An amount.
    Money(Money),
    /// A number.
    Number(i64),
}

impl<'a> Cell<'a> {
    /// Words.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A cell of what may be absent.
    pub fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    fn write(self) -> Cow<'a, str> {
        match self {
            Self::Empty => "".into(),
            Self::Text(text) => harmless(text),
            Self::Date(date) => date.to_string().into(),
            Self::Money(money) => decimal(money).into(),
            Self::Number(number) => number.to_string().into(),
        }
    }
}

/// A spreadsheet runs a cell that begins like this as a formula; a name that a stranger gave must stay a name.
fn harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}").into()
    } else {
        text
    }
}

/// `1234.50`, without the currency: a column of its own says it.
fn decimal(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ')
        .map_or(text.clone(), |(amount, _)| amount.to_owned())
}

/// What every row says about its report, so that rows of several reports can stand in one table.
const OF_THE_REPORT: &[&str] = &["Currency", "Basis", "From", "As of", "Known to", "Incomplete since"];

fn of_the_report(heading: &Heading) -> [String; 6] {
    let place = heading.known_to;
    [
        heading.currency.to_string(),
        format!("{:?}", heading.basis).to_lowercase(),
        heading.from.map(|from| from.to_string()).unwrap_or_default(),
        heading.as_of.to_string(),
        format!("{}/{}@{}", place.shard, place.position, place.epoch),
        heading
            .incomplete_since
            .map(|since| since.to_rfc3339())
            .unwrap_or_default(),
    ]
}

/// A report as comma-separated values (RFC 4180): a line of column names, a line for each row, and at the end of each what the
/// report is about.
#[must_use]
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "rows have a cell for each column, and memory takes what is written to it"
)]
pub fn csv<T: Table>(report: &T) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer
        .write_record(T::COLUMNS.iter().chain(OF_THE_REPORT))
        .expect("a line of names");
    let of_the_report = of_the_report(report.heading());
    for row in report.rows() {
        let cells = row.into_iter().map(Cell::write);
        let ends = of_the_report.iter().map(|end| Cow::from(end.as_str()));
        writer
            .write_record(cells.chain(ends).map(Cow::into_owned))
            .expect("a line of cells");
    }
    writer.into_inner().expect("everything was written")
}
