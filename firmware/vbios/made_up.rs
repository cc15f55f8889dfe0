// SPDX-License-Identifier: GPL-2.0

//! ROMs made up for tests: a small one for each version of the descriptor. None of their bytes are NVIDIA's.
//!
//! They are made by the compiler, so that they can be read where there is no memory to be had.

/// Bytes of the small ROMs' code and data.
pub(in crate::vbios) const CODE_SIZE: usize = 0x300;
pub(in crate::vbios) const DATA_SIZE: usize = 0x400;
pub(in crate::vbios) const UCODE_SIZE: usize = CODE_SIZE + DATA_SIZE;

/// What both small ROMs have in all images but the last, but for the device's id and PciAt's checksum.
const HEADS: &str = "
    0000: 55 AA 04 CB
    0018: 40 00
    0040: 50 43 49 52 DE 10 04 22 00 00 18 00 00 00 00 03
    0050: 04 00 01 00 00 00 00 00
    0060: 4E 50 44 45 01 01 0C 00 04 00 00 00
    0080: FF B8 42 49 54 00 00 01 0C 06 03 54
    008C: 42 02 06 00 A0 00
    0092: 69 02 05 00 A8 00
    0098: 70 02 04 00 B0 00
    00A0: 40 42 02 94 1B 00
    00A8: 40 42 02 94 1B
    00B0: 80 0C 00 00
    07FF: 3D
    0800: 55 AA 02 00 F1 0E 00 00 0B 00 64 86
    0816: 80 00 40 00
    0840: 50 43 49 52 DE 10 04 22 00 00 18 00 00 00 00 03
    0850: 02 00 01 00 03 80 00 00
    0860: 4E 50 44 45 01 01 0C 00 02 00 00 00
    0C00: 56 4E
    0C18: 40 00
    0C40: 4E 50 44 53 DE 10 04 22 00 00 18 00 00 00 00 03
    0C50: 02 00 01 00 E0 00 00 00
    0C60: 4E 50 44 45 01 01 0C 00 02 00 00 00
    1000: 56 4E
    1018: 40 00
    1040: 4E 50 44 53 DE 10 04 22 00 00 18 00 00 00 00 03
    1050: 06 00 01 00 E0 80 00 00
    1060: 4E 50 44 45 01 01 0C 00 06 00 80 00
    1080: 01 06 06 02 03 2C
    1086: 85 01 00 0D 00 00
    108C: 45 01 00 0D 00 00";

/// Descriptor of version 3; two signatures follow it.
const V3: &str = "
    1100: 01 03 2C 03 00 07 00 00 00 02 00 00 20 00 00 00
    1110: 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 00
    1120: 00 04 00 00 00 04 09 02 03 00 00 00";

/// Descriptor of version 2, and what else differs.
const V2: &str = "
    0046: 02 1E
    0846: 02 1E
    0C46: 02 1E
    1046: 02 1E
    07FF: 43
    1050: 05
    1068: 05
    1085: 3C
    1100: 01 02 3C 00 00 07 00 00 00 07 00 00 00 00 00 00
    1110: 20 00 00 00 00 00 00 00 00 03 00 00 00 00 00 00
    1120: 00 01 00 00 00 02 00 00 00 03 00 00 00 00 00 00
    1130: 00 04 00 00 00 03 00 00 00 04 00 00";

/// The data of the ucode, by their offset in it.
const DATA: &str = "
    0020: 01 04 08 02
    0024: 01 00 00 00 10 00 00 00
    002C: 04 00 00 00 40 00 00 00
    0040: 44 4D 41 50 03 00 40 00 80 00 00 00 40 00 00 00
    0050: C0 00 00 00 40 00 00 00 00 01 00 00 40 00 00 00
    0074: 00 00 20 02";

/// The value of a hexadecimal digit.
const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

/// Writes each line of `table`, an offset and bytes, into `rom` from `base` on.
const fn write<const N: usize>(mut rom: [u8; N], base: usize, table: &str) -> [u8; N] {
    let text = table.as_bytes();
    let (mut number, mut digits, mut place, mut at) = (0, 0, base, 0);
    while at <= text.len() {
        let letter = if at < text.len() { text[at] } else { b'\n' };
        if let Some(value) = digit(letter) {
            number = number * 16 + value as usize;
            digits += 1;
        } else {
            if letter == b':' {
                place = base + number;
            } else if digits > 0 {
                assert!(number < 256, "a byte");
                // CAST: It has been looked at above.
                rom[place] = number as u8;
                place += 1;
            }
            (number, digits) = (0, 0);
        }
        at += 1;
    }
    rom
}

/// Fills bytes of `rom`.
const fn fill<const N: usize>(mut rom: [u8; N], from: usize, to: usize, byte: u8) -> [u8; N] {
    let mut at = from;
    while at < to {
        rom[at] = byte;
        at += 1;
    }
    rom
}

/// Writes code and data of the small ROMs into `rom`.
const fn with_ucode<const N: usize>(mut rom: [u8; N], ucode: usize) -> [u8; N] {
    let mut index = 0;
    while index < CODE_SIZE / 4 {
        // CAST: There are few words.
        let word = (0xc0de_0000 | index as u32).to_le_bytes();
        let mut byte = 0;
        while byte < 4 {
            rom[ucode + 4 * index + byte] = word[byte];
            byte += 1;
        }
        index += 1;
    }
    write(rom, ucode + CODE_SIZE, DATA)
}

/// SYN-V3: a ROM of a GA102 with 7 KiB.
pub(in crate::vbios) static V3_ROM: [u8; 0x1c00] = {
    let rom = write(write([0; 0x1c00], 0, HEADS), 0, V3);
    let rom = fill(fill(rom, 0x112c, 0x12ac, 0xa0), 0x12ac, 0x142c, 0xa1);
    with_ucode(rom, 0x142c)
};

/// SYN-V2: a ROM of a TU102 with 6.5 KiB.
pub(in crate::vbios) static V2_ROM: [u8; 0x1a00] = {
    let rom = write(write([0; 0x1a00], 0, HEADS), 0, V2);
    with_ucode(rom, 0x113c)
};
