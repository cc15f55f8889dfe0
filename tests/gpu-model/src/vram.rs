// SPDX-License-Identifier: GPL-2.0

//! Video memory: its size, and a sparse backing file that costs only what is written.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt, //
};

use rustix::fs::{
    memfd_create,
    MemfdFlags, //
};
use thiserror::Error;

use crate::chips::{
    Chip,
    Families, //
};

/// Bytes in a MiB.
pub const MIB: u64 = 1 << 20;

/// One byte past the highest address the WPR2 and VGA workspace registers can hold (1 TiB).
const MAX_BYTES: u64 = 1 << 40;

/// Why a VRAM size was refused.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SizeError {
    /// Not `<number>[K|M|G|T]`.
    #[error("\"{0}\" is not a size; write a number followed by M or G, such as 24G or 8192M")]
    Syntax(String),
    /// Zero, or not a whole number of MiB.
    #[error(
        "{0} bytes of VRAM cannot be described: the size must be a non-zero multiple of 1 MiB"
    )]
    NotMib(u64),
    /// Over 1 TiB.
    #[error(
        "{0} MiB of VRAM is above 1 TiB, which the memory protection registers cannot address"
    )]
    TooBig(u64),
    /// No magnitude and scale give this size.
    #[error(
        "{chip}: {mib} MiB does not fit NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE, which holds a 6-bit \
         number shifted left by at most 15; the next lower size that fits is {lower} MiB"
    )]
    NotEncodable {
        /// Chip name.
        chip: &'static str,
        /// The size asked for.
        mib: u64,
        /// The largest smaller size that fits.
        lower: u64,
    },
}

/// Reads a size such as `24G` or `8192M` into bytes.
///
/// # Errors
/// [`SizeError::Syntax`] if the text is not a size or the number overflows.
pub fn parse_size(text: &str) -> Result<u64, SizeError> {
    let syntax = || SizeError::Syntax(text.to_owned());
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" | "k" => 10,
        "M" | "m" => 20,
        "G" | "g" => 30,
        "T" | "t" => 40,
        _ => return Err(syntax()),
    };
    let number: u64 = digits.parse().map_err(|_| syntax())?;
    number.checked_mul(1 << shift).ok_or_else(syntax)
}

/// The value of the register from which a driver learns the VRAM size.
///
/// Turing and GA100 hold a magnitude (bits 9:4) and a scale (bits 3:0); later chips hold MiB.
///
/// # Errors
/// [`SizeError`] if the chip's register cannot hold `bytes`.
pub fn size_register(chip: &Chip, bytes: u64) -> Result<u32, SizeError> {
    if bytes == 0 || bytes % MIB != 0 {
        return Err(SizeError::NotMib(bytes));
    }
    let mib = bytes / MIB;
    if bytes > MAX_BYTES {
        return Err(SizeError::TooBig(mib));
    }
    // CAST: at most 2^20 MiB.
    let mib32 = mib as u32;
    if !uses_magnitude_and_scale(chip) {
        return Ok(mib32);
    }
    let scale = (26 - mib32.leading_zeros().min(26)).min(15);
    let magnitude = mib32 >> scale;
    if magnitude > 0x3f || magnitude << scale != mib32 {
        let lower = u64::from(magnitude.min(0x3f) << scale);
        return Err(SizeError::NotEncodable {
            chip: chip.name,
            mib,
            lower,
        });
    }
    Ok(magnitude << 4 | scale)
}

fn uses_magnitude_and_scale(chip: &Chip) -> bool {
    Families::TURING.has(chip.family) || Families::GA100.has(chip.family)
}

/// Video memory of a given size; unwritten bytes read as zero.
#[derive(Debug)]
pub struct Vram {
    file: File,
    size: u64,
}

impl Vram {
    /// Creates `size` bytes of video memory.
    ///
    /// # Errors
    /// The operating system's error if the backing file cannot be made.
    pub fn new(size: u64) -> io::Result<Self> {
        let file = File::from(memfd_create("gpu-model-vram", MemfdFlags::CLOEXEC)?);
        file.set_len(size)?;
        Ok(Self { file, size })
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fills `out` from `address`; what lies past the end reads as ones.
    ///
    /// # Errors
    /// The operating system's error if the backing file cannot be read.
    pub fn read(&self, address: u64, out: &mut [u8]) -> io::Result<()> {
        let inside = self.inside(address, out.len());
        out[inside..].fill(0xff);
        self.file.read_exact_at(&mut out[..inside], address)
    }

    /// Stores `data` at `address`; what lies past the end is dropped.
    ///
    /// # Errors
    /// The operating system's error if the backing file cannot be written.
    pub fn write(&self, address: u64, data: &[u8]) -> io::Result<()> {
        let inside = self.inside(address, data.len());
        self.file.write_all_at(&data[..inside], address)
    }

    /// Forgets all contents.
    ///
    /// # Errors
    /// The operating system's error if the backing file cannot be truncated.
    pub fn clear(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.set_len(self.size)
    }

    fn inside(&self, address: u64, len: usize) -> usize {
        let left = self.size.saturating_sub(address);
        usize::try_from(left).map_or(len, |left| left.min(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(chip: &str, size: &str) -> Result<u32, SizeError> {
        size_register(Chip::by_name(chip).unwrap(), parse_size(size)?)
    }

    #[test]
    fn size_register_matches_known_boards() {
        for (chip, size, want) in [
            ("tu106", "8G", 0x208),
            ("tu102", "11G", 0x2c8),
            ("tu116", "6144M", 0x307),
            ("ga100", "40G", 0x28a),
            ("tu106", "1M", 0x010),
            ("ga102", "24G", 0x6000),
            ("gb202", "32G", 0x8000),
            ("gh100", "80G", 0x14000),
        ] {
            assert_eq!(encode(chip, size), Ok(want), "{chip} {size}");
        }
    }

    #[test]
    fn sizes_that_cannot_be_encoded_are_refused() {
        for (chip, size, want) in [
            ("ga102", "0", SizeError::NotMib(0)),
            ("ga102", "1500K", SizeError::NotMib(1500 << 10)),
            ("ga102", "2T", SizeError::TooBig(2 << 20)),
            ("ga102", "24Q", SizeError::Syntax("24Q".into())),
            ("ga102", "", SizeError::Syntax("".into())),
            (
                "ga102",
                "99999999999T",
                SizeError::Syntax("99999999999T".into()),
            ),
            (
                "tu106",
                "65M",
                SizeError::NotEncodable {
                    chip: "tu106",
                    mib: 65,
                    lower: 64,
                },
            ),
        ] {
            assert_eq!(encode(chip, size), Err(want), "{chip} {size}");
        }
    }

    #[test]
    fn every_board_has_an_encodable_size() {
        for chip in crate::chips::CHIPS {
            size_register(chip, chip.vram_mib * MIB).unwrap();
        }
    }

    #[test]
    fn magnitude_and_scale_decode_to_what_was_encoded() {
        let chip = Chip::by_name("tu102").unwrap();
        for mib in 1..=4096u64 {
            if let Ok(value) = size_register(chip, mib * MIB) {
                let decoded = u64::from(value >> 4 & 0x3f) << (value & 0xf);
                assert_eq!(decoded, mib);
            }
        }
    }

    #[test]
    fn memory_keeps_what_is_written_and_ends_where_it_should() {
        let vram = Vram::new(2 * MIB).unwrap();
        vram.write(2 * MIB - 2, &[1, 2, 3, 4]).unwrap();
        let mut out = [0; 4];
        vram.read(2 * MIB - 2, &mut out).unwrap();
        assert_eq!(out, [1, 2, 0xff, 0xff]);
        vram.clear().unwrap();
        vram.read(2 * MIB - 2, &mut out).unwrap();
        assert_eq!(out, [0, 0, 0xff, 0xff]);
        vram.read(u64::MAX, &mut out).unwrap();
        assert_eq!(out, [0xff; 4]);
    }
}
