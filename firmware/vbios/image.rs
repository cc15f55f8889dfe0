// SPDX-License-Identifier: GPL-2.0

//! The chain of images: each begins with a PCI expansion ROM's headers and NVIDIA's extension to them.
//!
//! The PCI data structure ("PCIR", or "NPDS" where the system's firmware is not to look) says how long
//! the image is, in 512-byte units, and whether it is the last. The extension ("NPDE") overrides both,
//! because the rest of the chain must be hidden from the system's firmware.

use super::{
    ifr,
    source::Reader,
    ReadError,
    RomSource,
    VbiosError,
    WINDOW_SIZE, //
};
use crate::{
    bytes::range_within,
    At, //
};
use core::{
    iter::FusedIterator,
    ops::Range, //
};

/// Bytes 0x55 0xaa, as in every PCI ROM; and those of images for the GPU only.
const ROM_SIGNATURES: [u16; 2] = [0xaa55, 0x4e56];
const PCIR_SIGNATURES: [[u8; 4]; 2] = [*b"PCIR", *b"NPDS"];
const NPDE_SIGNATURE: [u8; 4] = *b"NPDE";

/// Bytes of a ROM header that must be there, and of the two structures.
const PCIR_POINTER: usize = 0x18;
const PCIR_SIZE: usize = 24;
const NPDE_SIZE: usize = 12;

/// The first data structure lies within that many bytes of its image. So many must be left in the
/// window, even if the image is shorter.
const HEADERS_SIZE: usize = 1024;

/// Unit of the lengths in the structures.
const UNIT: usize = 512;

/// Bit of an indicator that says that the image is the last.
const LAST: u8 = 0x80;

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeType {
    /// Code for PCs. NVIDIA's tables are in the first one.
    PciAt,
    /// An EFI driver.
    Efi,
    /// A notebook's settings. Always the last image.
    Nbsi,
    /// Ucodes of the GPU's falcons.
    FwSec,
    /// Anything else.
    Other(u8),
}

impl CodeType {
    const fn new(value: u8) -> Self {
        match value {
            0x00 => Self::PciAt,
            0x03 => Self::Efi,
            0x70 => Self::Nbsi,
            0xe0 => Self::FwSec,
            other => Self::Other(other),
        }
    }
}

/// An image of the ROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is. Not empty, inside the window, and a multiple of 512 bytes long.
    pub range: Range<usize>,
    /// What it is for.
    pub code_type: CodeType,
    /// Whether no image follows.
    pub last: bool,
}

impl Image {
    /// Reads the headers of the image at `at`.
    fn read<S: RomSource>(rom: &mut Reader<'_, S>, at: usize) -> Result<Self, ReadError<S::Error>> {
        if range_within(at, HEADERS_SIZE, WINDOW_SIZE).is_none() {
            return Err(At::new(at, VbiosError::ImageTooLate).into());
        }
        let signature = rom.u16(at)?;
        if !ROM_SIGNATURES.contains(&signature) {
            return Err(At::new(at, VbiosError::RomSignature(signature)).into());
        }
        let pcir_pointer = rom.u16(at + PCIR_POINTER)?;
        let pcir_outside = At::new(at + PCIR_POINTER, VbiosError::PcirOutside(pcir_pointer));
        let pcir =
            range_within(usize::from(pcir_pointer), PCIR_SIZE, HEADERS_SIZE).ok_or(pcir_outside)?;
        let pcir_at = at + pcir.start;
        let signature = rom.bytes(pcir_at)?;
        if !PCIR_SIGNATURES.contains(&signature) {
            let reason = VbiosError::PcirSignature(u32::from_le_bytes(signature));
            return Err(At::new(pcir_at, reason).into());
        }
        let pcir_len = rom.u16(pcir_at + 0x0a)?;
        let pcir_units = rom.u16(pcir_at + 0x10)?;
        if pcir_units == 0 {
            return Err(At::new(pcir_at + 0x10, VbiosError::ImageEmpty).into());
        }
        let [code_type, indicator] = rom.bytes(pcir_at + 0x14)?;
        let code_type = CodeType::new(code_type);

        let npde = (pcir.start + usize::from(pcir_len)).next_multiple_of(16);
        let npde = npde..npde + NPDE_SIZE;
        let npde_at = at + npde.start;
        // The extension must be among the headers to say the image's length, and inside the image to say
        // whether it is the last. One is possible without the other.
        let in_headers = npde.end <= HEADERS_SIZE;
        let extension = if in_headers {
            Extension::read(rom, npde_at)?
        } else {
            None
        };
        let size = UNIT * usize::from(extension.as_ref().map_or(pcir_units, |npde| npde.units));
        let range = range_within(at, size, WINDOW_SIZE)
            .ok_or(At::new(at, VbiosError::ImageOutside(size)))?;
        let extension = if npde.end > size {
            None
        } else if in_headers {
            extension
        } else {
            Extension::read(rom, npde_at)?
        };
        let indicator = extension.map_or(indicator, |npde| npde.indicator);
        if pcir.end > size {
            return Err(pcir_outside.into());
        }
        Ok(Self {
            range,
            code_type,
            last: code_type == CodeType::Nbsi || indicator & LAST != 0,
        })
    }
}

/// NVIDIA's extension, as far as it overrides the PCI data structure.
struct Extension {
    units: u16,
    indicator: u8,
}

impl Extension {
    /// Reads the extension at `at`, if there is one that says a length.
    fn read<S: RomSource>(
        rom: &mut Reader<'_, S>,
        at: usize,
    ) -> Result<Option<Self>, ReadError<S::Error>> {
        if rom.bytes(at)? != NPDE_SIGNATURE {
            return Ok(None);
        }
        let [units @ .., indicator] = rom.bytes::<3>(at + 8)?;
        let units = u16::from_le_bytes(units);
        // An image without bytes would be followed by itself.
        Ok((units != 0).then_some(Self { units, indicator }))
    }
}

/// The images one after another, up to the last one, the window's end, or the first malformed one.
///
/// At most 2048, because none is shorter than 512 bytes.
pub struct Images<'s, S: RomSource> {
    rom: Reader<'s, S>,
    next: Option<usize>,
}

impl<'s, S: RomSource> Images<'s, S> {
    /// Finds the first image.
    ///
    /// # Errors
    ///
    /// What `source` fails with, or what is wrong with the IFR header.
    pub fn new(source: &'s mut S) -> Result<Self, ReadError<S::Error>> {
        let mut rom = Reader::new(source);
        let next = Some(ifr::first_image(&mut rom)?);
        Ok(Self { rom, next })
    }
}

impl<S: RomSource> Iterator for Images<'_, S> {
    type Item = Result<Image, ReadError<S::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.next.take()?;
        let image = Image::read(&mut self.rom, at);
        if let Ok(image) = &image {
            let end = image.range.end;
            self.next = (!image.last && end < WINDOW_SIZE).then_some(end);
        }
        Some(image)
    }
}

impl<S: RomSource> FusedIterator for Images<'_, S> {}
