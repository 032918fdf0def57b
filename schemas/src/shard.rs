//! Which part of the log an organization lives in.

use domain::ids::OrganizationId;

/// How many shards the log has; also the number of partitions of its topic. Fixed for ever.
pub const SHARDS: u8 = 16;

/// One of the [`SHARDS`] parts of the log, each with positions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Shard(u8);

impl Shard {
    /// The shard of this number; `None` from [`SHARDS`] on.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < SHARDS { Some(Self(number)) } else { None }
    }

    /// Every shard, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        (0..SHARDS).map(Self)
    }

    /// 0 to 15.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// As the database keeps it.
    #[must_use]
    pub const fn as_i16(self) -> i16 {
        self.0 as i16
    }

    /// As an index into an array of [`SHARDS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<i16> for Shard {
    type Error = NoSuchShard;

    fn try_from(number: i16) -> Result<Self, NoSuchShard> {
        u8::try_from(number).ok().and_then(Self::new).ok_or(NoSuchShard(number))
    }
}

impl<'de> serde::Deserialize<'de> for Shard {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(i16::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A number that names no shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no shard {0}: they are 0 to 15")]
pub struct NoSuchShard(i16);

/// The shard of an organization: Kafka's murmur2 of its lower-case hyphenated id, so that the producers of other languages
/// reach the same partition from the key.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a remainder of 16")]
pub fn shard_of(organization: OrganizationId) -> Shard {
    let mut text = uuid::Uuid::encode_buffer();
    let key = organization.0.hyphenated().encode_lower(&mut text);
    let positive = murmur2(key.as_bytes()) & 0x7fff_ffff;
    Shard((positive % u32::from(SHARDS)) as u8)
}

/// Murmur2 with the seed of Kafka's default partitioner (`org.apache.kafka.common.utils.Utils.murmur2`).
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = words.remainder();
    for (index, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * index);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of Apache Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn the_hash_is_that_of_kafka() {
        for (text, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ] {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }

    #[test]
    fn there_are_sixteen_shards() {
        assert_eq!(Shard::all().len(), 16);
        assert_eq!(Shard::new(16), None);
        assert_eq!(
            Shard::try_from(-1).unwrap_err().to_string(),
            "there is no shard -1: they are 0 to 15"
        );
        assert_eq!(Shard::try_from(15).unwrap().number(), 15);
    }

    #[test]
    fn organizations_spread_over_all_shards() {
        let mut seen = [0_u32; 16];
        for n in 0..1_600_u128 {
            seen[shard_of(OrganizationId(uuid::Uuid::from_u128(n))).index()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
    }
}
