// SPDX-License-Identifier: GPL-2.0

//! The IFR header ("init from ROM"), which some flashes have before the first image.
//!
//! Most GPUs hide it by themselves; GA100 does not.
//!
//! | offset | bits | |
//! |---|---|---|
//! | 0x00 | 31:0 | signature, "NVGI" |
//! | 0x04 | 30:16 | size of the fixed data; versions 1 and 2 have the first image's offset 4 bytes behind it |
//! | 0x04 | 15:8 | version |
//! | 0x08 | 19:0 | size of all data; version 3 has the offset of the flash status behind it |
//!
//! In version 3 the ROM directory ("RFRD") is 4 KiB behind the flash status, and has the first image's
//! offset at 8.

use super::{
    source::Reader,
    ReadError,
    RomSource,
    VbiosError,
    WINDOW_SIZE, //
};
use crate::{
    bytes::Word,
    At, //
};

const SIGNATURE: [u8; 4] = *b"NVGI";
const DIRECTORY_SIGNATURE: [u8; 4] = *b"RFRD";

/// From the flash status to the ROM directory.
const DIRECTORY_DISTANCE: usize = 0x1000;

/// All images start at multiples of this.
const IMAGE_ALIGNMENT: usize = 512;

/// Where the first image starts.
pub(super) fn first_image<S: RomSource>(
    rom: &mut Reader<'_, S>,
) -> Result<usize, ReadError<S::Error>> {
    if rom.bytes(0)? != SIGNATURE {
        return Ok(0);
    }
    let fixed = rom.word(4)?;
    let [_, version, _, _] = fixed.value.to_le_bytes();
    let start = match version {
        1 | 2 => {
            let fixed_size = (fixed.size() >> 16) & 0x7fff;
            word_at(rom, fixed_size + 4, 4)?
        }
        3 => {
            let total = rom.word(8)?;
            let status = word_at(rom, total.size() & 0xf_ffff, total.at)?;
            let directory = status.size() + DIRECTORY_DISTANCE;
            let signature = word_at(rom, directory, status.at)?;
            if signature.value.to_le_bytes() != DIRECTORY_SIGNATURE {
                return Err(At::new(directory, VbiosError::RomDirectory(signature.value)).into());
            }
            word_at(rom, directory + 8, directory)?
        }
        _ => return Err(At::new(5, VbiosError::IfrVersion(version)).into()),
    };
    if start.size() % IMAGE_ALIGNMENT != 0 || start.size() >= WINDOW_SIZE {
        return Err(At::new(start.at, VbiosError::RomStart(start.value)).into());
    }
    Ok(start.size())
}

/// The number at `at`, which something at `named_at` has named. It must be there and aligned.
fn word_at<S: RomSource>(
    rom: &mut Reader<'_, S>,
    at: usize,
    named_at: usize,
) -> Result<Word, ReadError<S::Error>> {
    if at % 4 != 0 || at >= WINDOW_SIZE {
        return Err(At::new(named_at, VbiosError::IfrPointer(at)).into());
    }
    rom.word(at)
}
