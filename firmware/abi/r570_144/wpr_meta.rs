// SPDX-License-Identifier: GPL-2.0

//! `GspFwWprMeta`: what the secure booter is told.
//!
//! It names the firmware's parts in system memory, and the places in video memory that they and
//! GSP-RM's heaps are to have. Where FSP boots the GSP, only sizes are given and the places are chosen
//! by the firmware.

use super::{
    wire::{
        is_page,
        Wire, //
    },
    PAGE_SIZE, //
};
use core::{
    fmt,
    ops::Range, //
};

/// Bytes of the structure. It must be aligned to as many.
pub const SIZE: usize = 256;

const MAGIC: u64 = 0xdc3a_ae21_371a_60b3;
const REVISION: u64 = 1;

/// The end of the protected region is a multiple of this many bytes.
const WPR_END_ALIGNMENT: u64 = 0x2_0000;
/// The image's place is a multiple of this many bytes.
const IMAGE_ALIGNMENT: u64 = 0x1_0000;
/// Heaps and the start of the protected region are multiples of this many bytes.
const HEAP_ALIGNMENT: u64 = 0x10_0000;

/// Offsets of the fields that are written, under their published names.
mod at {
    pub(super) const MAGIC: usize = 0;
    pub(super) const REVISION: usize = 8;
    pub(super) const SYSMEM_ADDR_OF_RADIX3_ELF: usize = 16;
    pub(super) const SIZE_OF_RADIX3_ELF: usize = 24;
    pub(super) const SYSMEM_ADDR_OF_BOOTLOADER: usize = 32;
    pub(super) const SIZE_OF_BOOTLOADER: usize = 40;
    pub(super) const BOOTLOADER_CODE_OFFSET: usize = 48;
    pub(super) const BOOTLOADER_DATA_OFFSET: usize = 56;
    pub(super) const BOOTLOADER_MANIFEST_OFFSET: usize = 64;
    pub(super) const SYSMEM_ADDR_OF_SIGNATURE: usize = 72;
    pub(super) const SIZE_OF_SIGNATURE: usize = 80;
    pub(super) const GSP_FW_RSVD_START: usize = 88;
    pub(super) const NON_WPR_HEAP_OFFSET: usize = 96;
    pub(super) const NON_WPR_HEAP_SIZE: usize = 104;
    pub(super) const GSP_FW_WPR_START: usize = 112;
    pub(super) const GSP_FW_HEAP_OFFSET: usize = 120;
    pub(super) const GSP_FW_HEAP_SIZE: usize = 128;
    pub(super) const GSP_FW_OFFSET: usize = 136;
    pub(super) const BOOT_BIN_OFFSET: usize = 144;
    pub(super) const FRTS_OFFSET: usize = 152;
    pub(super) const FRTS_SIZE: usize = 160;
    pub(super) const GSP_FW_WPR_END: usize = 168;
    pub(super) const FB_SIZE: usize = 176;
    pub(super) const VGA_WORKSPACE_OFFSET: usize = 184;
    pub(super) const VGA_WORKSPACE_SIZE: usize = 192;
    pub(super) const GSP_FW_HEAP_VF_PARTITION_COUNT: usize = 240;
    pub(super) const PMU_RESERVED_SIZE: usize = 244;
}

/// The firmware's parts in system memory. Addresses are the GPU's (DMA addresses), of whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Address of level 0 of the image's page tables.
    pub radix3: u64,
    /// Size of the image, not rounded.
    pub image_size: u64,
    /// Address of the GSP's bootloader.
    pub bootloader: u64,
    /// Size of the bootloader.
    pub bootloader_size: u64,
    /// Offset of the monitor's code in the bootloader.
    pub code_offset: u64,
    /// Offset of the monitor's data in the bootloader.
    pub data_offset: u64,
    /// Offset of the manifest in the bootloader.
    pub manifest_offset: u64,
    /// Address of the image's signature.
    pub signature: u64,
    /// Size of the signature.
    pub signature_size: u64,
}

/// Places in video memory, chosen by the driver where the booter on SEC2 boots the GSP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Size of video memory.
    pub fb_size: u64,
    /// Start of the VGA workspace, which ends with video memory.
    pub vga: u64,
    /// The region of FWSEC, up to the end of the protected region. Empty on GA100.
    pub frts: Range<u64>,
    /// Start of the bootloader.
    pub bootloader: u64,
    /// Start of the image.
    pub image: u64,
    /// GSP-RM's heap in the protected region.
    pub heap: Range<u64>,
    /// Start of the protected region.
    pub wpr: u64,
    /// Start of GSP-RM's other heap, which ends where the protected region starts.
    pub non_wpr_heap: u64,
}

/// Sizes in video memory, for the firmware to find places where FSP boots the GSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The region of FWSEC.
    pub frts: u64,
    /// GSP-RM's heap in the protected region.
    pub heap: u64,
    /// GSP-RM's other heap.
    pub non_wpr_heap: u64,
    /// The VGA workspace.
    pub vga: u64,
    /// What is kept for the PMU, 0 if nothing.
    pub pmu_reserved: u32,
    /// Number of virtual functions the heap is for, 0 unless there are any.
    pub vf_partition_count: u8,
}

/// What is wrong with the numbers a structure should be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WprMetaError {
    /// The address of this part is 0 or inside a page.
    Address(&'static str, u64),
    /// This part is empty.
    Empty(&'static str),
    /// This offset is beyond the bootloader's end.
    BootloaderOffset(&'static str, u64),
    /// This place in video memory is not aligned as it must be.
    Alignment(&'static str, u64),
    /// This part is not where it must be among the others in video memory.
    Order(&'static str),
}

impl fmt::Display for WprMetaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(part, address) => {
                write!(f, "{part} at {address:#x}, which is no page's address")
            }
            Self::Empty(part) => write!(f, "{part} is empty"),
            Self::BootloaderOffset(part, offset) => {
                write!(f, "{part} beyond the bootloader's end, at {offset:#x}")
            }
            Self::Alignment(part, place) => {
                write!(f, "{part} misaligned in video memory, at {place:#x}")
            }
            Self::Order(part) => write!(f, "{part} overlaps or is out of order in video memory"),
        }
    }
}

impl core::error::Error for WprMetaError {}

impl Sources {
    /// The structure for the booter on SEC2: Turing to Ada.
    ///
    /// # Errors
    ///
    /// [`WprMetaError`], if the booter would not accept it.
    pub fn with_places(&self, places: &Places) -> Result<[u8; SIZE], WprMetaError> {
        let mut meta = self.common()?;
        places.check(self)?;
        meta.put_u64::<{ at::GSP_FW_RSVD_START }>(places.non_wpr_heap)
            .put_u64::<{ at::NON_WPR_HEAP_OFFSET }>(places.non_wpr_heap)
            .put_u64::<{ at::NON_WPR_HEAP_SIZE }>(places.wpr - places.non_wpr_heap)
            .put_u64::<{ at::GSP_FW_WPR_START }>(places.wpr)
            .put_u64::<{ at::GSP_FW_HEAP_OFFSET }>(places.heap.start)
            .put_u64::<{ at::GSP_FW_HEAP_SIZE }>(places.heap.end - places.heap.start)
            .put_u64::<{ at::GSP_FW_OFFSET }>(places.image)
            .put_u64::<{ at::BOOT_BIN_OFFSET }>(places.bootloader)
            .put_u64::<{ at::FRTS_OFFSET }>(places.frts.start)
            .put_u64::<{ at::FRTS_SIZE }>(places.frts.end - places.frts.start)
            .put_u64::<{ at::GSP_FW_WPR_END }>(places.frts.end)
            .put_u64::<{ at::FB_SIZE }>(places.fb_size)
            .put_u64::<{ at::VGA_WORKSPACE_OFFSET }>(places.vga)
            .put_u64::<{ at::VGA_WORKSPACE_SIZE }>(places.fb_size - places.vga);
        Ok(meta.into_bytes())
    }

    /// The structure for FSP: Hopper and later.
    ///
    /// # Errors
    ///
    /// [`WprMetaError`], if a source is not acceptable or a size is 0 that must not be.
    pub fn with_sizes(&self, sizes: &Sizes) -> Result<[u8; SIZE], WprMetaError> {
        let mut meta = self.common()?;
        for (part, size) in [
            ("FRTS region", sizes.frts),
            ("heap", sizes.heap),
            ("non-WPR heap", sizes.non_wpr_heap),
            ("VGA workspace", sizes.vga),
        ] {
            if size == 0 {
                return Err(WprMetaError::Empty(part));
            }
        }
        meta.put_u64::<{ at::NON_WPR_HEAP_SIZE }>(sizes.non_wpr_heap)
            .put_u64::<{ at::GSP_FW_HEAP_SIZE }>(sizes.heap)
            .put_u64::<{ at::FRTS_SIZE }>(sizes.frts)
            .put_u64::<{ at::VGA_WORKSPACE_SIZE }>(sizes.vga)
            .put_u8::<{ at::GSP_FW_HEAP_VF_PARTITION_COUNT }>(sizes.vf_partition_count)
            .put_u32::<{ at::PMU_RESERVED_SIZE }>(sizes.pmu_reserved);
        Ok(meta.into_bytes())
    }

    /// The fields that do not depend on who boots the GSP.
    fn common(&self) -> Result<Wire<SIZE>, WprMetaError> {
        for (part, address, size) in [
            ("image", self.radix3, self.image_size),
            ("bootloader", self.bootloader, self.bootloader_size),
            ("signature", self.signature, self.signature_size),
        ] {
            if !is_page(address) {
                return Err(WprMetaError::Address(part, address));
            }
            if size == 0 {
                return Err(WprMetaError::Empty(part));
            }
        }
        for (part, offset) in [
            ("code", self.code_offset),
            ("data", self.data_offset),
            ("manifest", self.manifest_offset),
        ] {
            if offset >= self.bootloader_size {
                return Err(WprMetaError::BootloaderOffset(part, offset));
            }
        }
        let mut meta = Wire::zeroed();
        meta.put_u64::<{ at::MAGIC }>(MAGIC)
            .put_u64::<{ at::REVISION }>(REVISION)
            .put_u64::<{ at::SYSMEM_ADDR_OF_RADIX3_ELF }>(self.radix3)
            .put_u64::<{ at::SIZE_OF_RADIX3_ELF }>(self.image_size)
            .put_u64::<{ at::SYSMEM_ADDR_OF_BOOTLOADER }>(self.bootloader)
            .put_u64::<{ at::SIZE_OF_BOOTLOADER }>(self.bootloader_size)
            .put_u64::<{ at::BOOTLOADER_CODE_OFFSET }>(self.code_offset)
            .put_u64::<{ at::BOOTLOADER_DATA_OFFSET }>(self.data_offset)
            .put_u64::<{ at::BOOTLOADER_MANIFEST_OFFSET }>(self.manifest_offset)
            .put_u64::<{ at::SYSMEM_ADDR_OF_SIGNATURE }>(self.signature)
            .put_u64::<{ at::SIZE_OF_SIGNATURE }>(self.signature_size);
        Ok(meta)
    }
}

impl Places {
    /// Checks what the booter checks. Each part is one, from the lowest up, and all differences of the
    /// places are known not to be negative if this succeeds.
    fn check(&self, sources: &Sources) -> Result<(), WprMetaError> {
        let ends_by = |start: u64, size: u64, limit: u64| {
            start.checked_add(size).is_some_and(|end| end <= limit)
        };
        for (part, in_order) in [
            ("non-WPR heap", self.non_wpr_heap < self.wpr),
            // The structure itself is placed at the start of the protected region.
            (
                "protected region",
                ends_by(self.wpr, SIZE as u64, self.heap.start),
            ),
            (
                "heap",
                self.heap.start < self.heap.end && self.heap.end <= self.image,
            ),
            (
                "image",
                ends_by(self.image, sources.image_size, self.bootloader),
            ),
            (
                "bootloader",
                ends_by(self.bootloader, sources.bootloader_size, self.frts.start),
            ),
            (
                "FRTS region",
                self.frts.start <= self.frts.end && self.frts.end <= self.vga,
            ),
            ("VGA workspace", self.vga < self.fb_size),
        ] {
            if !in_order {
                return Err(WprMetaError::Order(part));
            }
        }
        for (part, place, alignment) in [
            ("non-WPR heap", self.non_wpr_heap, HEAP_ALIGNMENT),
            ("protected region", self.wpr, HEAP_ALIGNMENT),
            ("heap", self.heap.start, HEAP_ALIGNMENT),
            ("end of heap", self.heap.end, HEAP_ALIGNMENT),
            ("image", self.image, IMAGE_ALIGNMENT),
            // CAST: a small constant.
            ("bootloader", self.bootloader, PAGE_SIZE as u64),
            ("end of protected region", self.frts.end, WPR_END_ALIGNMENT),
        ] {
            if place % alignment != 0 {
                return Err(WprMetaError::Alignment(part, place));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
