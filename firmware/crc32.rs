// SPDX-License-Identifier: GPL-2.0

//! The CRC-32 of zlib and Ethernet, which FMC images carry for each section.

/// The generator polynomial, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What one byte does to the checksum, for each byte.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        // CAST: less than 256.
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// The checksum of `bytes`.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        let [low, ..] = crc.to_le_bytes();
        // PANIC: a `u8` cannot be beyond a table of 256 entries.
        crc >> 8 ^ TABLE[usize::from(low ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn known_checksums() {
        // The check value every description of this CRC gives, and the trivial cases.
        for (bytes, want) in [
            (&b"123456789"[..], 0xcbf4_3926),
            (b"", 0),
            (b"\0", 0xd202_ef8d),
        ] {
            assert_eq!(crc32(bytes), want, "{bytes:?}");
        }
    }
}
