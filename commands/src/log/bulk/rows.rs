//! Rows of events, as COPY takes them in its binary format: the count of the columns, then each with its length.

use uuid::Uuid;

/// The table that rows are made for, within the owner's session.
pub(super) const TABLE: &str = "
    CREATE TEMPORARY TABLE bulk_events (
      number bigint NOT NULL,
      aggregate_type text NOT NULL,
      aggregate_id uuid NOT NULL,
      sequence bigint NOT NULL,
      event_type text NOT NULL,
      event_version int NOT NULL,
      payload json NOT NULL,
      metadata json NOT NULL,
      event_id uuid NOT NULL,
      command_id uuid NOT NULL,
      command_index int NOT NULL,
      command_hash bytea NOT NULL
    ) ON COMMIT PRESERVE ROWS;
    GRANT SELECT ON bulk_events TO propertyos_append";

/// What empties it.
pub(super) const TRUNCATE: &str = "TRUNCATE pg_temp.bulk_events";

/// What fills it.
pub(super) const COPY: &str = "COPY pg_temp.bulk_events FROM STDIN (FORMAT binary)";

/// How many columns it has.
const COLUMNS: i16 = 12;
/// What every file in the format begins with: its name, no flags, nothing more.
const BEGIN: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What stands where the count of columns would be, behind the last row.
const END: i16 = -1;

/// One row, its columns in their order.
pub(super) struct Row<'r> {
    pub number: i64,
    pub aggregate_type: &'r str,
    pub aggregate_id: Uuid,
    pub sequence: i64,
    pub event_type: &'r str,
    pub event_version: i32,
    pub payload: &'r str,
    pub metadata: &'r str,
    pub event_id: Uuid,
    pub command_id: Uuid,
    pub command_index: i32,
    pub command_hash: &'r [u8],
}

/// Rows, written one behind the other.
pub(super) struct Rows(Vec<u8>);

impl Rows {
    pub fn new() -> Self {
        Self(BEGIN.to_vec())
    }

    /// What they take.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    pub fn push(&mut self, row: &Row<'_>) {
        self.0.extend_from_slice(&COLUMNS.to_be_bytes());
        self.column(&row.number.to_be_bytes());
        self.column(row.aggregate_type.as_bytes());
        self.column(row.aggregate_id.as_bytes());
        self.column(&row.sequence.to_be_bytes());
        self.column(row.event_type.as_bytes());
        self.column(&row.event_version.to_be_bytes());
        self.column(row.payload.as_bytes());
        self.column(row.metadata.as_bytes());
        self.column(row.event_id.as_bytes());
        self.column(row.command_id.as_bytes());
        self.column(&row.command_index.to_be_bytes());
        self.column(row.command_hash);
    }

    /// All that COPY takes.
    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&END.to_be_bytes());
        self.0
    }

    /// A value is never so long that its length wouldn't fit: the log takes no event of more than half a megabyte.
    fn column(&mut self, bytes: &[u8]) {
        let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }
}
