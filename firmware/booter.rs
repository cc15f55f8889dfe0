// SPDX-License-Identifier: GPL-2.0

//! Booter: the heavy-secure images that SEC2 runs to set up protected memory, and to take it down.
//!
//! A file holds a *payload* (code and data of the falcon) and one or more signatures, of which exactly
//! one must be copied into the payload before it is loaded. Which one depends on a fuse of the GPU, so
//! that old, broken images can be made to fail on new cards.
//!
//! In the `.bin` container the header gives the places of the numbers, not the numbers:
//!
//! ```text
//! bin header ─► HS header ─┬► signatures
//!                          ├► patch location ──► where in the payload the signature goes
//!                          ├► number of signatures
//!                          ├► metadata: fuse version, engine, ucode id
//!                          └► load header: code, data, and the one app, all inside the payload
//! ```

use crate::{
    bytes::{
        overlap,
        range_within,
        u32_at,
        words,
        Word, //
    },
    nvfw::BinHeader,
    tlv::{
        tag,
        Tlv, //
    },
    At, //
};
use core::ops::Range;

mod error;
mod signature;

pub use crate::bytes::Region;
pub use error::BooterError;
pub use signature::{
    fuse_version,
    FuseBank,
    NoSignature,
    PatchError, //
};

/// How an image is put into the falcon, which decides what its numbers must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMethod {
    /// Written word by word through IMEM and DMEM ports: Turing and GA100.
    Pio,
    /// Fetched by the falcon, and verified by its boot ROM: GA102 and later.
    Dma,
}

/// Code is placed in blocks of this many bytes.
const BLOCK: u32 = 256;

/// Highest address in falcon memory that a load can name.
const MAX_DESTINATION: u32 = 0xffff;

/// NVIDIA's tools write at most 15 signatures.
const MAX_SIGNATURES: usize = 16;

/// Size of the metadata: three words.
const METADATA_SIZE: u32 = 12;

/// Size of the load header's fixed part and of each app's record.
const LOAD_HEADER_SIZE: u32 = 20;
const APP_SIZE: u32 = 16;

/// A checked Booter image.
///
/// # Invariants
///
/// All regions and the patch range are inside the payload, and the number of signatures is not 0 and
/// divides their total size.
#[derive(Clone, Debug)]
pub struct Booter<'a> {
    payload: &'a [u8],
    signatures: &'a [u8],
    signature_size: usize,
    patch: Range<usize>,
    fuse_version: u32,
    engine_id: u16,
    ucode_id: u8,
    os_code: Region,
    os_data: Region,
    app: Region,
    brom_parameters: u32,
}

/// The numbers of either container, each with its place, before any of them is checked.
struct Fields<'a> {
    payload: &'a [u8],
    /// Where the signatures are, and the bytes.
    signatures: (usize, &'a [u8]),
    number_of_signatures: Word,
    patch_location: Word,
    fuse_version: Word,
    engine_id: Word,
    ucode_id: Word,
    os_code_offset: Word,
    os_code_size: Word,
    os_data_offset: Word,
    os_data_size: Word,
    app_offset: Word,
    app_size: Word,
}

impl<'a> Booter<'a> {
    /// Checks a whole `booter_*.bin` file for a falcon that is loaded by `method`.
    ///
    /// # Errors
    ///
    /// [`BooterError`] and where. All of them mean that the file is malformed.
    pub fn parse(file: &'a [u8], method: LoadMethod) -> Result<Self, At<BooterError>> {
        Fields::from_bin(file)?.check(method)
    }

    /// Checks a whole `booter_*.tlv` file for a falcon that is loaded by `method`.
    ///
    /// # Errors
    ///
    /// As [`Booter::parse`]; the release is not checked.
    pub fn from_tlv(file: &Tlv<'a>, method: LoadMethod) -> Result<Self, At<BooterError>> {
        Fields::from_tlv(file)?.check(method)
    }

    /// Code and data of the falcon, with zeros where the signature belongs.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Code that needs no signature. Its offset is its place in IMEM too. Loaded with
    /// [`LoadMethod::Pio`] only, and then the entry point.
    pub const fn os_code(&self) -> Region {
        self.os_code
    }

    /// Data, for the start of DMEM.
    pub const fn os_data(&self) -> Region {
        self.os_data
    }

    /// The signed code. With [`LoadMethod::Pio`] its offset is its place in IMEM too; with
    /// [`LoadMethod::Dma`] it goes to the start of IMEM, and its offset is its virtual address and the
    /// entry point.
    pub const fn app(&self) -> Region {
        self.app
    }

    /// Version the signatures are made for. Newer fuses take earlier signatures.
    pub const fn fuse_version(&self) -> u32 {
        self.fuse_version
    }

    /// Mask of the engines the image may run on.
    pub const fn engine_id(&self) -> u16 {
        self.engine_id
    }

    /// Number of the image among those of the engine. 1 to 16 with [`LoadMethod::Dma`].
    pub const fn ucode_id(&self) -> u8 {
        self.ucode_id
    }

    /// Where in DMEM the boot ROM finds the signature.
    pub const fn brom_parameters(&self) -> u32 {
        self.brom_parameters
    }

    /// Where in the payload the signature goes.
    pub fn patch_range(&self) -> Range<usize> {
        self.patch.clone()
    }

    /// All signatures, each as long as [`Booter::patch_range`].
    pub fn signatures(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone {
        self.signatures.chunks_exact(self.signature_size)
    }
}

impl<'a> Fields<'a> {
    fn from_bin(file: &'a [u8]) -> Result<Self, At<BooterError>> {
        let bin = BinHeader::parse(file).map_err(|error| error.map(BooterError::Bin))?;
        let [sig_offset, sig_size, patch_loc, patch_sig, meta_offset, meta_size, num_sig, load_offset, load_size] =
            words(file, bin.header_offset)
                .ok_or(At::new(bin.header_offset, BooterError::HeaderOutside))?;

        let pointed = |pointer: Word| {
            u32_at(file, pointer.size())
                .map(|value| Word {
                    at: pointer.size(),
                    value,
                })
                .ok_or(At::new(pointer.at, BooterError::PointerOutside))
        };
        let patch_location = pointed(patch_loc)?;
        let patch_signature = pointed(patch_sig)?;
        let number_of_signatures = pointed(num_sig)?;

        if patch_signature.value != 0 {
            return Err(At::new(
                patch_signature.at,
                BooterError::SignaturesShifted(patch_signature.value),
            ));
        }
        let signatures = range_within(sig_offset.size(), sig_size.size(), file.len())
            .and_then(|range| file.get(range))
            .ok_or(At::new(sig_offset.at, BooterError::SignaturesOutside))?;

        if meta_size.value != METADATA_SIZE {
            return Err(At::new(
                meta_size.at,
                BooterError::MetadataSize(meta_size.value),
            ));
        }
        let [fuse_version, engine_id, ucode_id] = words(file, meta_offset.size())
            .ok_or(At::new(meta_offset.at, BooterError::MetadataOutside))?;

        let [os_code_offset, os_code_size, os_data_offset, os_data_size, num_apps] =
            words(file, load_offset.size())
                .ok_or(At::new(load_offset.at, BooterError::LoadHeaderOutside))?;
        if num_apps.value != 1 {
            return Err(At::new(
                num_apps.at,
                BooterError::NumberOfApps(num_apps.value),
            ));
        }
        if load_size.value != LOAD_HEADER_SIZE + APP_SIZE {
            return Err(At::new(
                load_size.at,
                BooterError::LoadHeaderSize(load_size.value),
            ));
        }
        let app: Option<[Word; 4]> = num_apps.at.checked_add(4).and_then(|at| words(file, at));
        let [app_offset, app_size, _, _] =
            app.ok_or(At::new(load_offset.at, BooterError::LoadHeaderOutside))?;

        Ok(Self {
            // By the header's contract the range is inside the file.
            payload: file.get(bin.payload).unwrap_or_default(),
            signatures: (sig_offset.at, signatures),
            number_of_signatures,
            patch_location,
            fuse_version,
            engine_id,
            ucode_id,
            os_code_offset,
            os_code_size,
            os_data_offset,
            os_data_size,
            app_offset,
            app_size,
        })
    }

    fn from_tlv(file: &Tlv<'a>) -> Result<Self, At<BooterError>> {
        let word = |tag| file.word(tag).map_err(|error| error.map(BooterError::Tlv));
        let bytes = |tag| file.bytes(tag).map_err(|error| error.map(BooterError::Tlv));
        let (_, payload) = bytes(tag::BLOB)?;
        Ok(Self {
            payload,
            signatures: bytes(tag::SIGN)?,
            number_of_signatures: word(tag::NSIG)?,
            patch_location: word(tag::PLOC)?,
            fuse_version: word(tag::FUSE)?,
            engine_id: word(tag::ENID)?,
            ucode_id: word(tag::UCID)?,
            os_code_offset: word(tag::CDOF)?,
            os_code_size: word(tag::CDSZ)?,
            os_data_offset: word(tag::DAOF)?,
            os_data_size: word(tag::DASZ)?,
            app_offset: word(tag::A0CO)?,
            app_size: word(tag::A0CS)?,
        })
    }

    fn check(self, method: LoadMethod) -> Result<Booter<'a>, At<BooterError>> {
        let (os_code, os_data, app) = self.check_regions(method)?;
        let signature_size = self.check_signatures()?;
        let patch = self.check_patch(signature_size)?;
        let (engine_id, ucode_id) = self.check_ids(method)?;
        let (_, signatures) = self.signatures;
        // INVARIANT: each of the checks above has established its part.
        Ok(Booter {
            payload: self.payload,
            signatures,
            signature_size,
            patch,
            fuse_version: self.fuse_version.value,
            engine_id,
            ucode_id,
            os_code,
            os_data,
            app,
            brom_parameters: self
                .patch_location
                .value
                .saturating_sub(self.os_data_offset.value),
        })
    }

    /// The three regions: inside the payload, aligned, and where the falcon can hold them.
    fn check_regions(
        &self,
        method: LoadMethod,
    ) -> Result<(Region, Region, Region), At<BooterError>> {
        let region = |offset: Word, size: Word| {
            let region = Region {
                offset: offset.value,
                size: size.value,
            };
            match region.range(self.payload.len()) {
                Some(range) => Ok((region, range)),
                None => Err(At::new(offset.at, BooterError::RegionOutside)),
            }
        };
        let (os_code, _) = region(self.os_code_offset, self.os_code_size)?;
        let (os_data, os_data_range) = region(self.os_data_offset, self.os_data_size)?;
        let (app, app_range) = region(self.app_offset, self.app_size)?;

        if app.size == 0 {
            return Err(At::new(self.app_size.at, BooterError::EmptyApp));
        }
        for offset in [self.app_offset, self.os_data_offset] {
            if offset.value % BLOCK != 0 {
                return Err(At::new(offset.at, BooterError::Misaligned(offset.value)));
            }
        }
        if app.offset > MAX_DESTINATION {
            return Err(At::new(
                self.app_offset.at,
                BooterError::DestinationTooHigh(app.offset),
            ));
        }
        if method == LoadMethod::Pio {
            if os_code.offset % BLOCK != 0 {
                return Err(At::new(
                    self.os_code_offset.at,
                    BooterError::Misaligned(os_code.offset),
                ));
            }
            if os_code.offset > MAX_DESTINATION {
                let reason = BooterError::DestinationTooHigh(os_code.offset);
                return Err(At::new(self.os_code_offset.at, reason));
            }
            for size in [self.os_code_size, self.os_data_size, self.app_size] {
                if size.value % 4 != 0 {
                    return Err(At::new(size.at, BooterError::PartialWord(size.value)));
                }
            }
            if os_code.size != app.offset {
                return Err(At::new(
                    self.os_code_size.at,
                    BooterError::CodeNotContiguous,
                ));
            }
            if overlap(&app_range, &os_data_range) {
                return Err(At::new(self.app_offset.at, BooterError::RegionsOverlap));
            }
        }
        Ok((os_code, os_data, app))
    }

    /// The number of signatures and their total size; gives the size of one.
    fn check_signatures(&self) -> Result<usize, At<BooterError>> {
        let (at, signatures) = self.signatures;
        let number = self.number_of_signatures;
        if !(1..=MAX_SIGNATURES).contains(&number.size()) {
            return Err(At::new(
                number.at,
                BooterError::NumberOfSignatures(number.value),
            ));
        }
        if signatures.is_empty() || signatures.len() % number.size() != 0 {
            let reason = BooterError::SignaturesSize {
                size: signatures.len(),
                number: number.value,
            };
            return Err(At::new(at, reason));
        }
        Ok(signatures.len() / number.size())
    }

    /// Where the signature goes: into the data, all of it.
    fn check_patch(&self, signature_size: usize) -> Result<Range<usize>, At<BooterError>> {
        let location = self.patch_location;
        let outside = At::new(location.at, BooterError::PatchOutside(location.value));
        let data_end = self
            .os_data_offset
            .size()
            .saturating_add(self.os_data_size.size());
        let patch = range_within(location.size(), signature_size, self.payload.len());
        match patch {
            Some(patch) if patch.start >= self.os_data_offset.size() && patch.end <= data_end => {
                Ok(patch)
            }
            _ => Err(outside),
        }
    }

    /// Engine and ucode id: they fit, and name a fuse where one is read.
    fn check_ids(&self, method: LoadMethod) -> Result<(u16, u8), At<BooterError>> {
        let bad_engine = At::new(
            self.engine_id.at,
            BooterError::EngineId(self.engine_id.value),
        );
        let bad_ucode = At::new(self.ucode_id.at, BooterError::UcodeId(self.ucode_id.value));
        let engine_id = u16::try_from(self.engine_id.value).map_err(|_| bad_engine)?;
        let ucode_id = u8::try_from(self.ucode_id.value).map_err(|_| bad_ucode)?;
        if method == LoadMethod::Dma {
            FuseBank::of(engine_id).ok_or(bad_engine)?;
            if !(1..=16).contains(&ucode_id) {
                return Err(bad_ucode);
            }
        }
        Ok((engine_id, ucode_id))
    }
}

#[cfg(test)]
mod tests;
