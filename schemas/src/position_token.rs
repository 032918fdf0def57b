//! What a command's answer lets its client ask for: to see at least this.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{Cursor, Shard};

/// A place in the log and the event that stands there, so that a log restored from an older copy is recognised. Opaque to
/// clients: text without meaning, safe in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionToken {
    /// Behind this event.
    pub cursor: Cursor,
    /// The event at the cursor.
    pub event_id: Uuid,
}

/// Text that no command answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a position token")]
pub struct NotAToken;

/// Epoch, shard, position, event id, each at its full width, big-endian.
const LENGTH: usize = 4 + 1 + 8 + 16;

impl fmt::Display for PositionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.cursor.epoch.to_be_bytes());
        bytes.push(self.cursor.shard.number());
        bytes.extend(self.cursor.position.to_be_bytes());
        bytes.extend(self.event_id.as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for PositionToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?;
        let (epoch, rest) = bytes.split_first_chunk().ok_or(NotAToken)?;
        let (shard, rest) = rest.split_first().ok_or(NotAToken)?;
        let (position, rest) = rest.split_first_chunk().ok_or(NotAToken)?;
        let event_id = Uuid::from_slice(rest).map_err(|_| NotAToken)?;
        let cursor = Cursor {
            epoch: i32::from_be_bytes(*epoch),
            shard: Shard::new(*shard).ok_or(NotAToken)?,
            position: i64::from_be_bytes(*position),
        };
        if cursor.epoch < 1 || cursor.position < 1 {
            return Err(NotAToken);
        }
        Ok(Self { cursor, event_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> PositionToken {
        PositionToken {
            cursor: Cursor {
                epoch: 3,
                shard: Shard::new(15).unwrap(),
                position: i64::MAX - 1,
            },
            event_id: Uuid::from_u128(u128::MAX - 7),
        }
    }

    #[test]
    fn a_token_comes_back_as_it_was_given() {
        let text = token().to_string();
        assert_eq!(text.parse(), Ok(token()));
        assert!(
            text.bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'),
            "{text}"
        );
    }

    #[test]
    fn any_other_text_is_refused() {
        let text = token().to_string();
        let longer = format!("{text}AAAA");
        let no_such_shard = URL_SAFE_NO_PAD.encode(
            [0, 0, 0, 1, 16, 0, 0, 0, 0, 0, 0, 0, 1]
                .iter()
                .chain(&[0; 16])
                .copied()
                .collect::<Vec<u8>>(),
        );
        let before_the_first =
            URL_SAFE_NO_PAD.encode([0, 0, 0, 1, 15].iter().chain(&[0; 24]).copied().collect::<Vec<u8>>());
        for text in ["", "?", "AAAA", &text[1..], &longer, &no_such_shard, &before_the_first] {
            assert_eq!(text.parse::<PositionToken>(), Err(NotAToken), "{text}");
        }
    }
}
