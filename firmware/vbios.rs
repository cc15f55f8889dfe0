// SPDX-License-Identifier: GPL-2.0

//! The card's own ROM, and FWSEC in it: the signed code that sets up protected memory before GSP-RM.
//!
//! Drivers of Turing, Ampere and Ada need it; later GPUs do the same work without the ROM.
//!
//! ```text
//! IFR header (optional) ─► chain of images: PciAt, EFI, FwSec, FwSec
//!                             │
//!                             └► BIT, its token 'p' ─► table of falcon ucodes (in FwSec)
//!                                                         │
//!    FWSEC's code, data and signatures ◄─ descriptor ◄────┘
//!                      │
//!                      └► table of interfaces ─► DMEMMAPPER ─► where the command is put
//! ```
//!
//! # In which order
//!
//! ```
//! # use nova_firmware::{booter::FuseBank, vbios::*};
//! # fn prepare<S: RomSource>(
//! #     mut rom: S,
//! #     region: FrtsRegion,
//! #     read_fuse: impl Fn(FuseBank, u8) -> u32,
//! # ) -> Result<(DmaLoad, Vec<u8>, Vec<u8>), ReadError<S::Error>> {
//! let vbios = Vbios::read(&mut rom)?;
//! let fwsec = vbios.fwsec(&mut rom, Application::FwsecProduction)?;
//! let load = fwsec.dma_load()?; // or bootloader_load(), as the chip wants it
//! let mut at_boot = vec![0; fwsec.ucode_size()];
//! fwsec.read_ucode(&mut rom, &mut at_boot)?;
//! if let Some(signatures) = fwsec.signatures()? {
//!     let fuse = read_fuse(signatures.bank(), signatures.ucode_id());
//!     signatures.choose(fuse)?.read(&mut rom, &mut at_boot)?;
//! }
//! let mut at_unload = at_boot.clone(); // one copy for each command
//! fwsec.patch(&mut at_boot, Command::Frts(region))?;
//! fwsec.patch(&mut at_unload, Command::Sb)?;
//! # Ok((load, at_boot, at_unload))
//! # }
//! ```
//!
//! # What is read
//!
//! A ROM has about 1 MiB and every four bytes are a slow access to the device, so nothing is read that is not
//! needed: of each image its headers, of PciAt what comes before BIT and a few tokens, of FwSec the table,
//! the descriptor, code and data, and one signature. [`RomSource`] is asked for those words only.
//!
//! All offsets, in errors too, are bytes from the start of the window the ROM is read through, which is
//! the start of a dump of it. Only an IFR header makes that differ from the first image's start.

use crate::{
    bytes::{
        range_within,
        Word, //
    },
    At, //
};
use bit::Bit;
use core::{
    fmt,
    ops::Range, //
};
use descriptor::Descriptor;
use source::Reader;

mod bit;
mod bootloader_load;
mod command;
mod descriptor;
mod dma_load;
mod error;
mod fwsec;
mod ifr;
mod image;
mod interface;
mod signature;
mod source;
mod ucode_table;

pub use bootloader_load::{
    BadDmaAddress,
    BootloaderLoad, //
};
pub use command::{
    BadFrtsRegion,
    Command,
    FrtsRegion, //
};
pub use descriptor::{
    DescriptorV2,
    DescriptorV3, //
};
pub use dma_load::{
    BootRomParameters,
    DmaLoad,
    Transfer, //
};
pub use error::{
    Kind,
    ReadError,
    VbiosError, //
};
pub use fwsec::Fwsec;
pub use image::{
    CodeType,
    Image,
    Images, //
};
pub use signature::{
    Signature,
    Signatures,
    SIGNATURE_SIZE, //
};
pub use source::{
    Dump,
    RomSource,
    WINDOW_SIZE, //
};
pub use ucode_table::Application;

/// Where things are in a ROM whose images and BIT have been checked.
///
/// # Invariants
///
/// Both ranges are inside the window, and the second is not before the first.
#[derive(Clone, Debug)]
pub struct Vbios {
    pci_at: Range<usize>,
    fwsec: Range<usize>,
    bit: Bit,
}

impl Vbios {
    /// Reads the headers of all images up to the last one, and finds BIT in the first PciAt image.
    ///
    /// # Errors
    ///
    /// What `source` fails with, or what is wrong with the ROM.
    pub fn read<S: RomSource>(source: &mut S) -> Result<Self, ReadError<S::Error>> {
        let mut pci_at: Option<Range<usize>> = None;
        let mut fwsec: Option<Range<usize>> = None;
        let mut end = 0;
        for image in Images::new(source)? {
            let Image {
                range, code_type, ..
            } = image?;
            end = range.end;
            match (&mut fwsec, code_type) {
                // Whatever comes after the first FwSec image belongs to the same region.
                (Some(region), _) => region.end = range.end,
                (None, CodeType::FwSec) => fwsec = Some(range),
                (None, CodeType::PciAt) if pci_at.is_none() => pci_at = Some(range),
                (None, _) => {}
            }
        }
        let pci_at = pci_at.ok_or(At::new(end, VbiosError::NoPciAt))?;
        let fwsec = fwsec.ok_or(At::new(end, VbiosError::NoFwSec))?;
        let bit = Bit::find(&mut Reader::new(source), &pci_at)?;
        Ok(Self { pci_at, fwsec, bit })
    }

    /// The first PciAt image.
    pub fn pci_at(&self) -> Range<usize> {
        self.pci_at.clone()
    }

    /// The first FwSec image and all that follows it.
    pub fn fwsec_region(&self) -> Range<usize> {
        self.fwsec.clone()
    }

    /// Where BIT is.
    pub fn bit_offset(&self) -> usize {
        self.bit.offset()
    }

    /// Whether the bytes of BIT's header add up to 0, as they should. Nothing depends on it.
    pub fn bit_checksum_matches(&self) -> bool {
        self.bit.checksum_matches()
    }

    /// The version of the ROM as NVIDIA prints it; `None` if the ROM does not say.
    ///
    /// # Errors
    ///
    /// What `source` fails with, or that the version is said to be outside PciAt.
    pub fn version<S: RomSource>(
        &self,
        source: &mut S,
    ) -> Result<Option<VbiosVersion>, ReadError<S::Error>> {
        self.bit.version(&mut Reader::new(source), &self.pci_at)
    }

    /// Finds `application` and checks its descriptor.
    ///
    /// # Errors
    ///
    /// What `source` fails with, or what is wrong on the way from BIT to the descriptor.
    pub fn fwsec<S: RomSource>(
        &self,
        source: &mut S,
        application: Application,
    ) -> Result<Fwsec, ReadError<S::Error>> {
        let mut rom = Reader::new(source);
        let table = self.bit.falcon_table(&mut rom, &self.pci_at)?;
        let entry = ucode_table::find(&mut rom, self, table, application)?;
        let (descriptor, place) = Descriptor::read(&mut rom, self, entry)?;
        Ok(Fwsec::new(descriptor, place))
    }

    /// Where `len` bytes are that a falcon pointer names.
    ///
    /// Such pointers count PciAt's bytes first and then those of the FwSec region, as if nothing
    /// were between them.
    fn resolve(&self, pointer: Word, len: usize) -> Result<usize, At<VbiosError>> {
        pointer
            .size()
            .checked_sub(self.pci_at.len())
            .and_then(|offset| range_within(offset, len, self.fwsec.len()))
            .map(|range| self.fwsec.start + range.start)
            .ok_or(At::new(
                pointer.at,
                VbiosError::PointerOutside(pointer.value),
            ))
    }
}

/// A version of the ROM: five numbers, printed like `94.02.42.40.1b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VbiosVersion(pub [u8; 5]);

impl fmt::Display for VbiosVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, chip, minor, micro, patch] = self.0;
        write!(
            f,
            "{major:02x}.{chip:02x}.{minor:02x}.{micro:02x}.{patch:02x}"
        )
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
mod made_up;
#[cfg(test)]
mod tests;
