//! A rent roll as property managers' systems export it: read whole, with every fault by line and column.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use domain::{
    money::{Currency, Money},
    personal::PersonName,
};

use super::cells;

/// A file that was read: the rows that make sense, and what is wrong with the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RentRoll {
    /// The rows without a fault, in the order of the file.
    pub rows: Vec<Row>,
    /// Everything that is wrong, in the order of the file.
    pub faults: Vec<Fault>,
}

/// One unit and who lives in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line of the file it begins on.
    pub line: u64,
    /// The property, as the file writes it.
    pub property: String,
    /// What stands on the unit's door.
    pub unit: String,
    /// Bedrooms, and bathrooms in halves.
    pub rooms: (u8, u8),
    /// Area.
    pub square_feet: Option<u32>,
    /// What it would rent for a month.
    pub market_rent: Money,
    /// Who rents it.
    pub tenancy: Option<Tenancy>,
}

/// Who rents a unit, and what is between them and the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    /// The residents, jointly liable; at least one.
    pub residents: Vec<PersonName>,
    /// How far it is.
    pub stage: Stage,
    /// The rent of a month.
    pub rent: Money,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; without one it runs from month to month.
    pub last_day: Option<NaiveDate>,
    /// The day of moving in.
    pub move_in: NaiveDate,
    /// The last day before moving out, once notice was given.
    pub move_out: Option<NaiveDate>,
    /// The deposit held.
    pub deposit: Money,
    /// What is owed; below zero what is in the residents' favour.
    pub past_due: Money,
}

/// How far a tenancy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// They live there. Also who is being evicted: until it is over they do.
    Current,
    /// They live there and leave.
    OnNotice,
    /// They will move in.
    Future,
}

/// Something wrong in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: u64,
    /// The column, by the name that we know it by.
    pub column: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, {}: {}", self.line, self.column, self.reason)
    }
}

/// The file can't be read as a rent roll at all.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableFile {
    /// Columns are missing without which nothing can be made of it.
    #[error("the file has no column {}", .0.join(", no column "))]
    Columns(Vec<&'static str>),
    /// It is no CSV.
    #[error("the file is no CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// Each column we read, and the names it goes by, in lower case with letters and digits only.
const COLUMNS: [(&str, &[&str]); 14] = [
    ("Property", &["property", "propertyname", "building"]),
    ("Unit", &["unit", "unitnumber", "unitname", "apt"]),
    (
        "Tenant",
        &["tenant", "tenants", "tenantname", "resident", "residents", "name"],
    ),
    ("Status", &["status", "unitstatus", "occupancystatus"]),
    ("BD/BA", &["bdba", "bedbath", "bedsbaths", "bedroomsbathrooms"]),
    ("Sqft", &["sqft", "squarefeet", "sf", "area"]),
    ("Market Rent", &["marketrent", "market"]),
    ("Rent", &["rent", "leaserent", "currentrent", "monthlyrent"]),
    ("Deposit", &["deposit", "deposits", "securitydeposit", "depositheld"]),
    ("Lease From", &["leasefrom", "leasestart", "leasebegin"]),
    ("Lease To", &["leaseto", "leaseend", "leaseexpiration", "leaseexpires"]),
    ("Move-in", &["movein", "moveindate"]),
    ("Move-out", &["moveout", "moveoutdate"]),
    ("Past Due", &["pastdue", "balance", "balancedue", "amountdue"]),
];
const NEEDED: [&str; 5] = ["Property", "Unit", "Status", "Market Rent", "Rent"];
/// The columns that a totals row sums.
const SUMMED: [&str; 4] = ["Market Rent", "Rent", "Deposit", "Past Due"];

/// Reads a rent roll whose amounts are in a currency. Columns of other names are passed over.
///
/// # Errors
/// If it is no CSV, or columns are missing without which no row can be read. What is wrong with a row is in
/// [`RentRoll::faults`].
pub fn read(file: &[u8], currency: Currency) -> Result<RentRoll, UnreadableFile> {
    let file = String::from_utf8_lossy(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file));
    // The reader counts a line for `\r` and begins the record at the `\n`: with `\n` alone its lines are an editor's.
    let file = file.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file.as_bytes());
    let columns = columns(reader.headers()?)?;
    let mut roll = RentRoll::default();
    let mut sums = Sums::default();
    let mut seen = HashMap::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = Cells {
            record: &record,
            columns: &columns,
            line,
            currency,
        };
        if record.iter().all(cells::is_blank) {
            continue;
        }
        if cells.are_totals() {
            roll.faults.extend(sums.faults_of(&cells));
            continue;
        }
        sums.add(&cells);
        match row(&cells) {
            Ok(row) => match seen.insert((row.property.to_lowercase(), row.unit.to_lowercase()), line) {
                None => roll.rows.push(row),
                Some(first) => roll
                    .faults
                    .push(cells.fault("Unit", format!("stands on line {first} already"))),
            },
            Err(faults) => roll.faults.extend(faults),
        }
    }
    Ok(roll)
}

type Columns = BTreeMap<&'static str, usize>;

fn columns(headers: &csv::StringRecord) -> Result<Columns, UnreadableFile> {
    let plain = |header: &str| -> String {
        header
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .collect()
    };
    let mut found = Columns::new();
    for (index, header) in headers.iter().enumerate() {
        let header = plain(header);
        if let Some((column, _)) = COLUMNS.iter().find(|(_, names)| names.contains(&header.as_str())) {
            found.entry(column).or_insert(index);
        }
    }
    let missing: Vec<_> = NEEDED
        .into_iter()
        .filter(|column| !found.contains_key(column))
        .collect();
    if missing.is_empty() {
        Ok(found)
    } else {
        Err(UnreadableFile::Columns(missing))
    }
}

/// The cells of a row by the names we know the columns by.
struct Cells<'a> {
    record: &'a csv::StringRecord,
    columns: &'a Columns,
    line: u64,
    currency: Currency,
}

impl Cells<'_> {
    fn get(&self, column: &'static str) -> Option<&str> {
        let cell = self.record.get(*self.columns.get(column)?)?;
        (!cells::is_blank(cell)).then_some(cell)
    }

    fn fault(&self, column: &'static str, reason: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            column,
            reason: reason.into(),
        }
    }

    /// The cell, or nothing if it is blank.
    fn optional<T>(&self, column: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Fault> {
        self.get(column)
            .map(read)
            .transpose()
            .map_err(|reason| self.fault(column, reason))
    }

    fn needed<T>(&self, column: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, Fault> {
        self.optional(column, read)?
            .ok_or_else(|| self.fault(column, "is empty"))
    }

    fn money(&self, column: &'static str) -> Result<Money, Fault> {
        let zero = Money::zero(self.currency);
        Ok(self
            .optional(column, |cell| cells::money(cell, self.currency))?
            .unwrap_or(zero))
    }

    fn money_from_zero(&self, column: &'static str) -> Result<Money, Fault> {
        let amount = self.money(column)?;
        if amount.minor < 0 {
            Err(self.fault(column, format!("{amount} is below zero")))
        } else {
            Ok(amount)
        }
    }

    /// The last row of an export: `Total`, `Grand Totals`, `60 Units`.
    fn are_totals(&self) -> bool {
        let first = self
            .record
            .iter()
            .find(|cell| !cells::is_blank(cell))
            .unwrap_or_default()
            .to_lowercase();
        let counts_units = first
            .strip_suffix("units")
            .is_some_and(|count| count.trim().replace(',', "").parse::<u32>().is_ok());
        self.get("Status").is_none() && (first.starts_with("total") || first.starts_with("grand total") || counts_units)
    }
}

fn row(cells: &Cells<'_>) -> Result<Row, Vec<Fault>> {
    let text = |cell: &str| Ok(cell.to_owned());
    let property = cells.needed("Property", text);
    let unit = cells.needed("Unit", text);
    let rooms = cells.optional("BD/BA", cells::rooms);
    let square_feet = cells.optional("Sqft", cells::square_feet);
    let market_rent = cells.money_from_zero("Market Rent");
    let tenancy = tenancy(cells);
    match (property, unit, rooms, square_feet, market_rent, tenancy) {
        (Ok(property), Ok(unit), Ok(rooms), Ok(square_feet), Ok(market_rent), Ok(tenancy)) => Ok(Row {
            line: cells.line,
            property,
            unit,
            rooms: rooms.unwrap_or_default(),
            square_feet,
            market_rent,
            tenancy,
        }),
        (property, unit, rooms, square_feet, market_rent, tenancy) => {
            let mut faults: Vec<Fault> = [
                property.err(),
                unit.err(),
                rooms.err(),
                square_feet.err(),
                market_rent.err(),
            ]
            .into_iter()
            .flatten()
            .collect();
            faults.extend(tenancy.err().unwrap_or_default());
            Err(faults)
        }
    }
}

/// What a status means: nobody, or somebody at a stage.
fn stage(status: &str) -> Result<Option<Stage>, String> {
    let plain: String = status.chars().filter(char::is_ascii_alphabetic).collect();
    match plain.to_ascii_lowercase().as_str() {
        "current" | "occupied" | "evict" | "eviction" => Ok(Some(Stage::Current)),
        "noticeunrented" | "noticerented" | "notice" => Ok(Some(Stage::OnNotice)),
        "vacantrented" | "future" => Ok(Some(Stage::Future)),
        "vacantunrented" | "vacant" => Ok(None),
        _ => Err(format!(
            "`{status}` is no status: Current, Notice-Unrented, Notice-Rented, Vacant-Rented, Vacant-Unrented or Evict"
        )),
    }
}

fn tenancy(cells: &Cells<'_>) -> Result<Option<Tenancy>, Vec<Fault>> {
    let Some(stage) = cells.needed("Status", stage).map_err(|fault| vec![fault])? else {
        return nobody(cells).map(|()| None);
    };
    let residents = cells.needed("Tenant", |cell| match cells::people(cell) {
        people if people.is_empty() => Err("names nobody".to_owned()),
        people => Ok(people),
    });
    let rent = cells.money_from_zero("Rent");
    let deposit = cells.money_from_zero("Deposit");
    let past_due = cells.money("Past Due");
    let dates = dates(cells, stage);
    match (residents, rent, deposit, past_due, dates) {
        (Ok(residents), Ok(rent), Ok(deposit), Ok(past_due), Ok(dates)) => Ok(Some(Tenancy {
            residents,
            stage,
            rent,
            from: dates.from,
            last_day: dates.last_day,
            move_in: dates.move_in,
            move_out: dates.move_out,
            deposit,
            past_due,
        })),
        (residents, rent, deposit, past_due, dates) => {
            let mut faults: Vec<Fault> = [residents.err(), rent.err(), deposit.err(), past_due.err()]
                .into_iter()
                .flatten()
                .collect();
            faults.extend(dates.err());
            Err(faults)
        }
    }
}

/// A vacant unit has nobody and nothing to its name.
fn nobody(cells: &Cells<'_>) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    if cells.get("Tenant").is_some() {
        faults.push(cells.fault("Tenant", "names someone, but the unit is vacant and not rented"));
    }
    for column in ["Deposit", "Past Due"] {
        match cells.money(column) {
            Ok(amount) if amount.is_zero() => {}
            Ok(amount) => faults.push(cells.fault(column, format!("{amount} belongs to nobody: the unit is vacant"))),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

struct Dates {
    from: NaiveDate,
    last_day: Option<NaiveDate>,
    move_in: NaiveDate,
    move_out: Option<NaiveDate>,
}

fn dates(cells: &Cells<'_>, stage: Stage) -> Result<Dates, Fault> {
    let from = cells.optional("Lease From", cells::date)?;
    let move_in = cells.optional("Move-in", cells::date)?;
    let last_day = cells.optional("Lease To", cells::date)?;
    let move_out = cells.optional("Move-out", cells::date)?;
    let Some(first) = from.or(move_in) else {
        return Err(cells.fault("Lease From", "is empty, and so is Move-in"));
    };
    let dates = Dates {
        from: first,
        last_day,
        move_in: move_in.unwrap_or(first),
        move_out: move_out.or(last_day).filter(|_| stage == Stage::OnNotice),
    };
    if dates.last_day.is_some_and(|last| last < dates.from) {
        return Err(cells.fault("Lease To", format!("lies before {}", dates.from)));
    }
    match (stage, dates.move_out) {
        (Stage::OnNotice, None) => Err(cells.fault("Move-out", "is empty, and so is Lease To: when do they leave?")),
        (_, Some(out)) if out < dates.from => Err(cells.fault("Move-out", format!("lies before {}", dates.from))),
        _ => Ok(dates),
    }
}

/// What the rows sum to, for the totals row to be held against. A cell that can't be read is a fault of its own row.
#[derive(Default)]
struct Sums(BTreeMap<&'static str, i128>);

impl Sums {
    fn add(&mut self, cells: &Cells<'_>) {
        for column in SUMMED {
            let minor = cells.money(column).map_or(0, |amount| amount.minor);
            *self.0.entry(column).or_default() += i128::from(minor);
        }
    }

    fn faults_of(&self, totals: &Cells<'_>) -> Vec<Fault> {
        let fault = |column| match totals.optional(column, |cell| cells::money(cell, totals.currency)) {
            Ok(None) => None,
            Err(fault) => Some(fault),
            Ok(Some(said)) => {
                let sum = self.0.get(column).copied().unwrap_or_default();
                let sum = Money::new(i64::try_from(sum).unwrap_or(i64::MAX), totals.currency);
                (said != sum).then(|| totals.fault(column, format!("the total says {said}, the rows sum to {sum}")))
            }
        };
        SUMMED.into_iter().filter_map(fault).collect()
    }
}

#[cfg(test)]
mod tests;
