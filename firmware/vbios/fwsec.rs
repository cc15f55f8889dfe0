// SPDX-License-Identifier: GPL-2.0

//! FWSEC as the ROM describes it: reading it, signing it, and giving it a command.

use super::{
    descriptor::{
        Descriptor,
        DescriptorV2,
        DescriptorV3,
        Place, //
    },
    interface::Mailbox,
    source::Reader,
    BootloaderLoad,
    Command,
    DmaLoad,
    ReadError,
    RomSource,
    Signatures,
    VbiosError, //
};
use crate::At;
use core::ops::Range;

/// FWSEC, whose code, data and signatures are known to be inside the ROM.
///
/// "The ucode" is a copy of the code with the data right behind it, [`Fwsec::ucode_size`] bytes.
///
/// # Invariants
///
/// The ucode is at least as long as the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fwsec {
    descriptor: Descriptor,
    place: Place,
}

impl Fwsec {
    pub(super) fn new(descriptor: Descriptor, place: Place) -> Self {
        // INVARIANT: the place is the sum of code and data long.
        Self { descriptor, place }
    }

    /// The descriptor, if this is for Turing and GA100.
    pub const fn v2(&self) -> Option<&DescriptorV2> {
        match &self.descriptor {
            Descriptor::V2(v2) => Some(v2),
            Descriptor::V3(_) => None,
        }
    }

    /// The descriptor, if this is for GA102 or later.
    pub const fn v3(&self) -> Option<&DescriptorV3> {
        match &self.descriptor {
            Descriptor::V2(_) => None,
            Descriptor::V3(v3) => Some(v3),
        }
    }

    /// Where the descriptor is in the ROM.
    pub const fn offset(&self) -> usize {
        self.place.at
    }

    /// Where code and data are in the ROM.
    pub fn ucode(&self) -> Range<usize> {
        self.place.ucode.clone()
    }

    /// Bytes of code and data.
    pub fn ucode_size(&self) -> usize {
        self.place.ucode.len()
    }

    /// Copies code and data to `ucode`, which must be exactly as long.
    ///
    /// # Errors
    ///
    /// What `source` fails with, or [`VbiosError::BufferLength`].
    pub fn read_ucode<S: RomSource>(
        &self,
        source: &mut S,
        ucode: &mut [u8],
    ) -> Result<(), ReadError<S::Error>> {
        if ucode.len() != self.ucode_size() {
            return Err(self.bad_buffer(ucode.len()).into());
        }
        Reader::new(source).fill(self.place.ucode.start, ucode)
    }

    /// The signatures one of which must be put into the ucode; `None` if it needs none.
    ///
    /// # Errors
    ///
    /// There are signatures, but no fuse says which one, or they have no place in the data.
    pub fn signatures(&self) -> Result<Option<Signatures>, At<VbiosError>> {
        match &self.descriptor {
            Descriptor::V2(_) => Ok(None),
            Descriptor::V3(v3) => Signatures::new(v3, &self.place),
        }
    }

    /// Puts `command` into the data of a copy of the ucode.
    ///
    /// # Errors
    ///
    /// The data do not say where commands go, or there is no room; `ucode` is then unchanged.
    pub fn patch(&self, ucode: &mut [u8], command: Command) -> Result<(), At<VbiosError>> {
        if ucode.len() != self.ucode_size() {
            return Err(self.bad_buffer(ucode.len()));
        }
        let code_size = self.code_size();
        let data_at = self.place.ucode.start + code_size;
        // By the type's invariant the code is not longer than the ucode.
        let data = ucode.get_mut(code_size..).unwrap_or_default();
        let interfaces = self.descriptor.interface_offset(&self.place);
        Mailbox::find(data, data_at, interfaces, command)?.write(data, command);
        Ok(())
    }

    /// What the generic bootloader must be told to load the ucode: on Turing and GA100.
    ///
    /// # Errors
    ///
    /// [`VbiosError::WrongLoadMethod`], or what makes that impossible.
    pub fn bootloader_load(&self) -> Result<BootloaderLoad, At<VbiosError>> {
        match &self.descriptor {
            Descriptor::V2(v2) => BootloaderLoad::new(v2, &self.place),
            Descriptor::V3(_) => Err(self.wrong_load_method()),
        }
    }

    /// How the ucode is loaded by the falcon itself: on GA102 and later.
    ///
    /// # Errors
    ///
    /// [`VbiosError::WrongLoadMethod`], or what makes that impossible.
    pub fn dma_load(&self) -> Result<DmaLoad, At<VbiosError>> {
        match &self.descriptor {
            Descriptor::V2(_) => Err(self.wrong_load_method()),
            Descriptor::V3(v3) => DmaLoad::new(v3, &self.place),
        }
    }

    const fn code_size(&self) -> usize {
        // CAST: `usize` has at least 64 bits, as `bytes.rs` asserts.
        self.descriptor.code_size() as usize
    }

    const fn wrong_load_method(&self) -> At<VbiosError> {
        At::new(self.place.at + 1, VbiosError::WrongLoadMethod)
    }

    const fn bad_buffer(&self, len: usize) -> At<VbiosError> {
        At::new(self.place.ucode.start, VbiosError::BufferLength(len))
    }
}
