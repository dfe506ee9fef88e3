//! Where the keys of a registry are.

use std::hash::{BuildHasher, Hasher};

/// Hashes keys quickly: by multiplying 64 bits by 64 and folding the product, 16 bytes at a time
/// (Wang Yi's wyhash). Who knows the seed can find keys of equal hashes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashing {
    seed: u64,
}

/// Digits of π, as good as any.
const FIRST: u64 = 0x243f_6a88_85a3_08d3;
const SECOND: u64 = 0x1319_8a2e_0370_7344;

impl Hashing {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed: folded(seed ^ FIRST, SECOND) }
    }
}

impl BuildHasher for Hashing {
    type Hasher = Folding;

    #[inline]
    fn build_hasher(&self) -> Folding {
        Folding(self.seed)
    }
}

/// A hash under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folding(u64);

#[inline]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

impl Folding {
    #[inline]
    fn add(&mut self, one: u64, other: u64) {
        self.0 = folded(self.0 ^ one, FIRST ^ other);
    }
}

impl Hasher for Folding {
    #[inline]
    fn finish(&self) -> u64 {
        folded(self.0, SECOND)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, others)) = rest.split_first_chunk::<16>() {
            let number = u128::from_le_bytes(*chunk);
            self.add(number as u64, (number >> 64) as u64);
            rest = others;
        }
        // The first and the last bytes of what is left, which may overlap: its length tells how.
        let (first, last) = match (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (rest.first_chunk::<4>(), rest.last_chunk::<4>(), rest) {
                (Some(first), Some(last), _) => {
                    (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
                }
                (_, _, [first, .., last]) => {
                    (u64::from(*first) << 8 | u64::from(rest[1]), (*last).into())
                }
                (_, _, [only]) => ((*only).into(), 0),
                _ => (0, 0),
            },
        };
        self.add(first ^ (bytes.len() as u64) << 56, last);
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.add(number, 0);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

/// A hash of what is a hash already.
#[derive(Default)]
pub(super) struct Same(u64);

impl Hasher for Same {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::Hashing;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    /// Keys that differ in one character or in length have other hashes, evenly spread.
    #[test]
    fn like_keys_are_told_apart() {
        let hashing = Hashing::new(7);
        let mut keys: Vec<String> = (0..20_000).map(|host| format!("host-{host}")).collect();
        let text = "abcdefghijklmnopqrstuvwxyz0123456789";
        for length in 0..=36 {
            keys.push(text[..length].to_owned());
            for place in 0..length {
                let mut key = text[..length].to_owned();
                key.replace_range(place..=place, "_");
                keys.push(key);
            }
        }
        keys.extend((0..40).map(|length| "\0".repeat(length + 1)));
        let distinct: HashSet<_> = keys.iter().collect();
        let hashes: HashSet<u64> = keys.iter().map(|key| hashing.hash_one(key)).collect();
        assert_eq!(hashes.len(), distinct.len());
        let numbers: HashSet<u64> = (0..20_000_u64).map(|key| hashing.hash_one(key)).collect();
        assert_eq!(numbers.len(), 20_000);
        for bits in [0, 16, 40, 57] {
            for hashes in [&hashes, &numbers] {
                let mut counts = [0_u32; 128];
                for hash in hashes {
                    counts[(hash >> bits & 127) as usize] += 1;
                }
                let mean = hashes.len() as f64 / 128.0;
                let spread: f64 =
                    counts.iter().map(|&count| (f64::from(count) - mean).powi(2) / mean).sum();
                // Chi square of 127 degrees of freedom: mean 127, standard deviation 16.
                assert!(spread < 127.0 + 5.0 * 16.0, "bits from {bits}: {spread}");
            }
        }
        assert_ne!(Hashing::new(8).hash_one("host-1"), hashing.hash_one("host-1"));
    }

    /// Keys of any kind, each by all of its parts.
    #[test]
    fn parts_of_keys_count() {
        let hashing = Hashing::new(7);
        let key = |parts: (u8, u16, u32, usize, [u8; 3])| hashing.hash_one(parts);
        let plain = (1, 2, 3, 4, [5, 6, 7]);
        assert_eq!(key(plain), key(plain));
        for other in [
            (9, 2, 3, 4, [5, 6, 7]),
            (1, 9, 3, 4, [5, 6, 7]),
            (1, 2, 9, 4, [5, 6, 7]),
            (1, 2, 3, 9, [5, 6, 7]),
            (1, 2, 3, 4, [9, 6, 7]),
            (1, 2, 3, 4, [5, 9, 7]),
            (1, 2, 3, 4, [5, 6, 9]),
        ] {
            assert_ne!(key(plain), key(other), "{other:?}");
        }
    }
}
