//! What every saved model is wrapped in, written without any code of the crate that is tested.
#![allow(dead_code, reason = "no test binary uses everything")]

/// Magic, format version, length of the payload.
pub(crate) const HEADER: usize = 8 + 4 + 8;

/// Follows the payload.
pub(crate) const CHECKSUM: usize = 8;

/// What is inside of the envelope of a file.
pub(crate) fn payload(file: &[u8]) -> &[u8] {
    &file[HEADER..file.len() - CHECKSUM]
}

/// A file of format 1 with this payload and everything around it right.
pub(crate) fn sealed(magic: [u8; 8], payload: &[u8]) -> Vec<u8> {
    let mut file = magic.to_vec();
    file.extend(1_u32.to_le_bytes());
    file.extend((payload.len() as u64).to_le_bytes());
    file.extend(payload);
    file.extend(checksum(&file).to_le_bytes());
    file
}

/// FNV-1a, 64 bits.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
