//! What every saved model is wrapped in: magic bytes, format version, length of the payload, the
//! payload, and a checksum.

use crate::error::{Error, Result, invalid};
use serde::{Serialize, de::DeserializeOwned};

/// Magic, format version, payload length.
const HEADER: usize = 8 + 4 + 8;

/// Follows the payload.
const CHECKSUM: usize = 8;

/// One kind of saved model.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// First bytes: they tell the kind.
    pub(crate) magic: &'static [u8; 8],
    /// The newest format version; written. Older ones are read as well.
    pub(crate) newest: u32,
}

impl Envelope {
    /// The bytes of a file that holds `saved`.
    pub(crate) fn seal(&self, saved: &impl Serialize) -> Result<Vec<u8>> {
        let payload = postcard::to_stdvec(saved).map_err(invalid)?;
        let mut bytes = Vec::with_capacity(HEADER + payload.len() + CHECKSUM);
        bytes.extend(self.magic);
        bytes.extend(self.newest.to_le_bytes());
        bytes.extend((payload.len() as u64).to_le_bytes());
        bytes.extend(payload);
        bytes.extend(checksum(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// What a file holds, if it is whole and of this kind.
    pub(crate) fn open<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T> {
        let rest =
            bytes.strip_prefix(self.magic).ok_or_else(|| invalid("it has another beginning"))?;
        let (format, rest) = rest.split_first_chunk().ok_or_else(|| invalid("truncated"))?;
        self.check_format(u32::from_le_bytes(*format))?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(|| invalid("truncated"))?;
        let length = u64::from_le_bytes(*length);
        if (rest.len() as u64).checked_sub(CHECKSUM as u64) != Some(length) {
            let found = rest.len().saturating_sub(CHECKSUM);
            return Err(invalid(format_args!("{length} bytes announced, {found} found")));
        }
        let (content, expected) = bytes.split_at(bytes.len() - CHECKSUM);
        if checksum(content).to_le_bytes() != expected {
            return Err(invalid("the checksum does not match: it was altered or damaged"));
        }
        let (saved, left) = postcard::take_from_bytes(&content[HEADER..]).map_err(invalid)?;
        if !left.is_empty() {
            return Err(invalid(format_args!("{} bytes follow its end", left.len())));
        }
        Ok(saved)
    }

    /// Whether this version of the crate reads a format version.
    pub(crate) fn check_format(&self, found: u32) -> Result<()> {
        match found {
            0 => Err(invalid("format version 0 never was")),
            _ if found <= self.newest => Ok(()),
            _ => Err(Error::NewerFormat { found, newest: self.newest }),
        }
    }
}

/// FNV-1a, 64 bits: finds damage and careless edits, not forgery; those are left to the checks.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
