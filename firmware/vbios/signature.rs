// SPDX-License-Identifier: GPL-2.0

//! Choosing FWSEC's signature by the card's fuse, and putting it into the data.
//!
//! The signatures are in ascending order of the fuse versions they are for, which need not be
//! consecutive. Booter's signatures are chosen in another way.

use super::{
    descriptor::{
        DescriptorV3,
        Place, //
    },
    source::Reader,
    ReadError,
    RomSource,
    VbiosError, //
};
use crate::{
    booter::{
        fuse_version,
        FuseBank, //
    },
    bytes::range_within,
    At, //
};
use core::ops::Range;

/// Bytes of a signature: RSA with 3072 bits.
pub const SIGNATURE_SIZE: usize = 384;

/// The signatures of a FWSEC, of which one must be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signatures {
    bank: FuseBank,
    ucode_id: u8,
    /// Where the descriptor is in the ROM.
    descriptor_at: usize,
    versions: u16,
    count: u8,
    /// Bytes of code and data.
    ucode_size: usize,
    /// Where in the ucode the signature goes.
    place: Range<usize>,
}

impl Signatures {
    /// Checks which fuse chooses and where the signature goes; `None` if there are no signatures.
    pub(super) fn new(v3: &DescriptorV3, place: &Place) -> Result<Option<Self>, At<VbiosError>> {
        if v3.signature_count == 0 {
            return Ok(None);
        }
        let bank = FuseBank::of(v3.engine_id_mask).ok_or(At::new(
            place.at + 0x24,
            VbiosError::EngineMask(v3.engine_id_mask),
        ))?;
        if !(1..=16).contains(&v3.ucode_id) {
            return Err(At::new(place.at + 0x26, VbiosError::UcodeId(v3.ucode_id)));
        }
        // CAST: `usize` has at least 64 bits, as `bytes.rs` asserts.
        let start = v3.imem_load_size as usize + v3.pkc_data_offset as usize;
        let range = range_within(start, SIGNATURE_SIZE, place.ucode.len()).ok_or(At::new(
            place.at + 0x08,
            VbiosError::SignaturePlace(v3.pkc_data_offset),
        ))?;
        Ok(Some(Self {
            bank,
            ucode_id: v3.ucode_id,
            descriptor_at: place.at,
            versions: v3.signature_versions,
            count: v3.signature_count,
            ucode_size: place.ucode.len(),
            place: range,
        }))
    }

    /// The fuses one of which says the version that is needed. The GSP's, as far as is known.
    pub const fn bank(&self) -> FuseBank {
        self.bank
    }

    /// Which register of the bank, from 1 to 16.
    pub const fn ucode_id(&self) -> u8 {
        self.ucode_id
    }

    /// The signature for a card whose fuse register has the value `fuse`.
    ///
    /// # Errors
    ///
    /// [`VbiosError::NoSignature`].
    pub fn choose(&self, fuse: u32) -> Result<Signature<'_>, At<VbiosError>> {
        let wanted = fuse_version(fuse);
        let none = At::new(
            self.descriptor_at + 0x28,
            VbiosError::NoSignature {
                // CAST: a fuse version is at most 16.
                wanted: wanted as u8,
                versions: self.versions,
                count: self.count,
            },
        );
        // Version 16 is beyond the 16 bits: the shift leaves nothing.
        let version = 1u32 << wanted;
        let versions = u32::from(self.versions);
        if versions & version == 0 {
            return Err(none);
        }
        let index = (versions & (version - 1)).count_ones();
        if index >= u32::from(self.count) {
            return Err(none);
        }
        // CAST: less than a number of 8 bits.
        let index = index as usize;
        Ok(Signature {
            at: self.descriptor_at + DescriptorV3::SIGNATURES + SIGNATURE_SIZE * index,
            signatures: self,
        })
    }
}

/// The signature that has been chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature<'a> {
    at: usize,
    signatures: &'a Signatures,
}

impl Signature<'_> {
    /// Where it is in the ROM.
    pub const fn offset(&self) -> usize {
        self.at
    }

    /// Where in the ucode it goes.
    pub fn place(&self) -> Range<usize> {
        self.signatures.place.clone()
    }

    /// Copies it to its place in `ucode`.
    ///
    /// # Errors
    ///
    /// What `source` fails with, the place then having unspecified contents, or
    /// [`VbiosError::BufferLength`].
    pub fn read<S: RomSource>(
        &self,
        source: &mut S,
        ucode: &mut [u8],
    ) -> Result<(), ReadError<S::Error>> {
        let len = ucode.len();
        match ucode.get_mut(self.place()) {
            Some(place) if len == self.signatures.ucode_size => {
                Reader::new(source).fill(self.at, place)
            }
            _ => Err(At::new(self.at, VbiosError::BufferLength(len)).into()),
        }
    }
}
