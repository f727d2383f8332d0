//! Content digests: SHA-256, written as lower-case hexadecimal.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 of some bytes, as 64 hexadecimal digits.
pub fn of_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// SHA-256 of a value's JSON form. Map keys are sorted, so equal values have
/// equal digests.
pub fn of_value<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let canonical = serde_json::to_value(value)?;
    Ok(of_bytes(canonical.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_vector() {
        assert_eq!(
            super::of_bytes(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
