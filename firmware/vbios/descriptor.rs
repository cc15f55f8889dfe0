// SPDX-License-Identifier: GPL-2.0

//! The descriptor of a falcon ucode: how its code and data are to be loaded.
//!
//! Its first word has bit 0 set if it says the version, the version in bits 15:8, and in bits 31:16 how
//! far the code is from the descriptor's start. Version 3 has its signatures in between. The data
//! follow the code.

use super::{
    signature::SIGNATURE_SIZE,
    source::Reader,
    ReadError,
    RomSource,
    Vbios,
    VbiosError, //
};
use crate::{
    bytes::{
        range_within,
        Word, //
    },
    At, //
};
use core::ops::Range;

const VERSIONED: u32 = 1;

/// Bytes of the descriptors themselves.
const V2_SIZE: usize = 60;
const V3_SIZE: usize = 44;

/// What Turing's and GA100's ROMs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorV2 {
    /// Where the table of interfaces is in DMEM.
    pub interface_offset: u32,
    /// Where the code goes in IMEM.
    pub imem_phys_base: u32,
    /// Bytes of code.
    pub imem_load_size: u32,
    /// Virtual address of the code.
    pub imem_virt_base: u32,
    /// Virtual address of the secure part of the code, not less than the code's.
    pub imem_sec_base: u32,
    /// Bytes of the secure part, which is inside the code.
    pub imem_sec_size: u32,
    /// Where the data go in DMEM.
    pub dmem_phys_base: u32,
    /// Bytes of data.
    pub dmem_load_size: u32,
}

/// What the ROMs of GA102 and later Ampere, and of Ada have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorV3 {
    /// Where the signature goes in DMEM.
    pub pkc_data_offset: u32,
    /// Where the table of interfaces is in DMEM.
    pub interface_offset: u32,
    /// Where the code goes in IMEM.
    pub imem_phys_base: u32,
    /// Bytes of code.
    pub imem_load_size: u32,
    /// Virtual address of the code. Expected to be 0.
    pub imem_virt_base: u32,
    /// Where the data go in DMEM.
    pub dmem_phys_base: u32,
    /// Bytes of data.
    pub dmem_load_size: u32,
    /// Mask of the engines the code may run on.
    pub engine_id_mask: u16,
    /// Number of the ucode among those of the engine.
    pub ucode_id: u8,
    /// Number of signatures. 0 for code that needs none.
    pub signature_count: u8,
    /// Fuse versions there are signatures for, one bit each.
    pub signature_versions: u16,
}

/// A descriptor of either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Descriptor {
    V2(DescriptorV2),
    V3(DescriptorV3),
}

/// Where a descriptor is, and what it describes. All inside the FwSec images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The descriptor's first byte.
    pub(super) at: usize,
    /// Code and data.
    pub(super) ucode: Range<usize>,
}

impl Place {
    /// Finds code and data, and checks that the signatures are there too.
    fn new(
        vbios: &Vbios,
        header: Word,
        descriptor_size: usize,
        code_size: Word,
        data_size: Word,
        signature_count: u8,
    ) -> Result<Self, At<VbiosError>> {
        let end = vbios.fwsec.end;
        let at = header.at;
        let [_, _, distance @ ..] = header.value.to_le_bytes();
        let distance = u16::from_le_bytes(distance);
        // The two sizes must have a sum that fits 32 bits, as all of the falcon's numbers do.
        let ucode = code_size
            .value
            .checked_add(data_size.value)
            .and_then(|size| usize::try_from(size).ok())
            .and_then(|size| range_within(at + usize::from(distance), size, end))
            .ok_or(At::new(code_size.at, VbiosError::UcodeOutside))?;
        let signatures_size = SIGNATURE_SIZE * usize::from(signature_count);
        let signatures = range_within(at + descriptor_size, signatures_size, end)
            .ok_or(At::new(at, VbiosError::SignaturesOutside(signature_count)))?;
        if signatures.end > ucode.start {
            return Err(At::new(at + 2, VbiosError::DescriptorSize(distance)));
        }
        Ok(Self { at, ucode })
    }
}

impl Descriptor {
    /// Reads the descriptor that `pointer` names.
    pub(super) fn read<S: RomSource>(
        rom: &mut Reader<'_, S>,
        vbios: &Vbios,
        pointer: Word,
    ) -> Result<(Self, Place), ReadError<S::Error>> {
        let header = rom.word(vbios.resolve(pointer, size_of::<u32>())?)?;
        if header.value & VERSIONED == 0 {
            return Err(At::new(header.at, VbiosError::DescriptorUnversioned).into());
        }
        let [_, version, _, _] = header.value.to_le_bytes();
        match version {
            2 => {
                vbios.resolve(pointer, V2_SIZE)?;
                Self::read_v2(rom, vbios, header)
            }
            3 => {
                vbios.resolve(pointer, V3_SIZE)?;
                Self::read_v3(rom, vbios, header)
            }
            _ => Err(At::new(header.at + 1, VbiosError::DescriptorVersion(version)).into()),
        }
    }

    fn read_v2<S: RomSource>(
        rom: &mut Reader<'_, S>,
        vbios: &Vbios,
        header: Word,
    ) -> Result<(Self, Place), ReadError<S::Error>> {
        // Skipped: stored and uncompressed size, entry; alternative sizes behind the last one.
        let [interface_offset, imem_phys_base, imem_load_size, imem_virt_base, imem_sec_base, imem_sec_size, dmem_offset, dmem_phys_base, dmem_load_size] =
            rom.words(header.at + 0x10)?;
        let place = Place::new(vbios, header, V2_SIZE, imem_load_size, dmem_load_size, 0)?;
        let secure_end = imem_sec_base
            .value
            .checked_sub(imem_virt_base.value)
            .and_then(|offset| offset.checked_add(imem_sec_size.value));
        if secure_end.is_none_or(|end| end > imem_load_size.value) {
            return Err(At::new(imem_sec_base.at, VbiosError::SecureCodeOutside).into());
        }
        if dmem_offset.value != imem_load_size.value {
            let reason = VbiosError::DataNotBehindCode(dmem_offset.value);
            return Err(At::new(dmem_offset.at, reason).into());
        }
        let descriptor = DescriptorV2 {
            interface_offset: interface_offset.value,
            imem_phys_base: imem_phys_base.value,
            imem_load_size: imem_load_size.value,
            imem_virt_base: imem_virt_base.value,
            imem_sec_base: imem_sec_base.value,
            imem_sec_size: imem_sec_size.value,
            dmem_phys_base: dmem_phys_base.value,
            dmem_load_size: dmem_load_size.value,
        };
        Ok((Self::V2(descriptor), place))
    }

    fn read_v3<S: RomSource>(
        rom: &mut Reader<'_, S>,
        vbios: &Vbios,
        header: Word,
    ) -> Result<(Self, Place), ReadError<S::Error>> {
        // Skipped: stored size.
        let [pkc_data_offset, interface_offset, imem_phys_base, imem_load_size, imem_virt_base, dmem_phys_base, dmem_load_size] =
            rom.words(header.at + 0x08)?;
        let engine_id_mask = rom.u16(header.at + 0x24)?;
        let [ucode_id, signature_count] = rom.bytes(header.at + 0x26)?;
        let signature_versions = rom.u16(header.at + 0x28)?;
        let place = Place::new(
            vbios,
            header,
            V3_SIZE,
            imem_load_size,
            dmem_load_size,
            signature_count,
        )?;
        let descriptor = DescriptorV3 {
            pkc_data_offset: pkc_data_offset.value,
            interface_offset: interface_offset.value,
            imem_phys_base: imem_phys_base.value,
            imem_load_size: imem_load_size.value,
            imem_virt_base: imem_virt_base.value,
            dmem_phys_base: dmem_phys_base.value,
            dmem_load_size: dmem_load_size.value,
            engine_id_mask,
            ucode_id,
            signature_count,
            signature_versions,
        };
        Ok((Self::V3(descriptor), place))
    }

    /// Bytes of code.
    pub(super) const fn code_size(&self) -> u32 {
        match self {
            Self::V2(v2) => v2.imem_load_size,
            Self::V3(v3) => v3.imem_load_size,
        }
    }

    /// Where the table of interfaces is in the data, and where the descriptor says so.
    pub(super) const fn interface_offset(&self, place: &Place) -> Word {
        let (offset, value) = match self {
            Self::V2(v2) => (0x10, v2.interface_offset),
            Self::V3(v3) => (0x0c, v3.interface_offset),
        };
        Word {
            at: place.at + offset,
            value,
        }
    }
}

impl DescriptorV3 {
    /// From the descriptor's start to its signatures.
    pub(super) const SIGNATURES: usize = V3_SIZE;
}
