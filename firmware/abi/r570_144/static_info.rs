// SPDX-License-Identifier: GPL-2.0

//! `GspStaticConfigInfo`, the answer to `GET_GSP_STATIC_INFO`: what GSP-RM knows about the GPU.

use super::wire::Wire;
use crate::At;
use core::{
    fmt,
    ops::Range, //
};

/// Bytes of the answer, and of the call's payload, which is all zero.
pub const SIZE: usize = 1656;

/// The most regions of video memory there are.
pub const MAX_REGIONS: usize = 16;

const REGION_SIZE: usize = 48;
const NAME_SIZE: usize = 64;

/// Offsets of the fields that are read, under their published names.
mod at {
    pub(super) const NUM_FB_REGIONS: usize = 344;
    pub(super) const FB_REGION: usize = 352;
    pub(super) const GPU_NAME_STRING: usize = 1260;
    pub(super) const BAR1_PDE_BASE: usize = 1536;
    pub(super) const BAR2_PDE_BASE: usize = 1544;
    pub(super) const INTERNAL_CLIENT: usize = 1600;
    pub(super) const INTERNAL_DEVICE: usize = 1604;
    pub(super) const INTERNAL_SUBDEVICE: usize = 1608;
    pub(super) const NON_WPR_HEAP_OFFSET: usize = 1640;
    pub(super) const FRTS_OFFSET: usize = 1648;
}

/// Offsets of the fields of a region.
mod region_at {
    pub(super) const BASE: usize = 0;
    pub(super) const LIMIT: usize = 8;
    pub(super) const RESERVED: usize = 16;
    pub(super) const SUPPORT_COMPRESSED: usize = 28;
    pub(super) const SUPPORT_ISO: usize = 29;
    pub(super) const PROTECTED: usize = 30;
}

/// The answer has fewer bytes than the structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "static info of less than {SIZE} bytes")
    }
}

/// A GPU's name for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_SIZE],
    len: usize,
}

impl Name {
    fn new(bytes: [u8; NAME_SIZE]) -> Option<Self> {
        let len = bytes.iter().position(|&byte| byte == 0)?;
        let name = core::str::from_utf8(bytes.get(..len)?).ok()?;
        // It goes to the log.
        let plain = !name.is_empty() && !name.chars().any(char::is_control);
        plain.then_some(Self { bytes, len })
    }

    /// The name, not empty and without control characters.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// Handles of the objects through which GSP-RM lets the driver use its inner methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternalHandles {
    /// The client.
    pub client: u32,
    /// The client's device.
    pub device: u32,
    /// The device's subdevice.
    pub subdevice: u32,
}

/// What is used of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticInfo {
    /// The GPU's name, if it is one that can be printed.
    pub name: Option<Name>,
    /// Video memory address of the page directory of the BAR that shows video memory.
    pub bar1_page_directory: u64,
    /// Video memory address of the page directory of the BAR after that.
    pub bar2_page_directory: u64,
    /// The driver's handles for inner methods.
    pub handles: InternalHandles,
    /// Video memory address that the firmware chose for its heap outside of the protected region, on
    /// Hopper and later.
    pub non_wpr_heap: u64,
    /// Video memory address that the firmware chose for FRTS, on Hopper and later.
    pub frts: u64,
    regions: [Option<Region>; MAX_REGIONS],
}

/// A region of video memory that the driver may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Region {
    start: u64,
    end: u64,
}

impl Region {
    /// The region, if it may be used: nothing of it is GSP-RM's, it is not protected, and it can do what
    /// any buffer may need.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let region = Wire::<REGION_SIZE>::from_prefix(bytes)?;
        let start = region.get_u64::<{ region_at::BASE }>();
        // The limit is the last byte.
        let end = region.get_u64::<{ region_at::LIMIT }>().checked_add(1)?;
        let usable = start < end
            && region.get_u64::<{ region_at::RESERVED }>() == 0
            && region.get_u8::<{ region_at::PROTECTED }>() == 0
            && region.get_u8::<{ region_at::SUPPORT_COMPRESSED }>() != 0
            && region.get_u8::<{ region_at::SUPPORT_ISO }>() != 0;
        usable.then_some(Self { start, end })
    }
}

impl StaticInfo {
    /// Reads an answer. Bytes beyond the structure are ignored, as are regions beyond the 16th.
    ///
    /// # Errors
    ///
    /// [`Short`].
    pub fn parse(answer: &[u8]) -> Result<Self, At<Short>> {
        let info = Wire::<SIZE>::from_prefix(answer).ok_or(At::new(answer.len(), Short))?;
        let table = info.get::<{ at::FB_REGION }, { MAX_REGIONS * REGION_SIZE }>();
        let said = info.get_u32::<{ at::NUM_FB_REGIONS }>();
        let mut regions = [None; MAX_REGIONS];
        // If more are said to be there, the table ends first. CAST: widening.
        let entries = table.chunks_exact(REGION_SIZE).take(said as usize);
        for (region, bytes) in regions.iter_mut().zip(entries) {
            *region = Region::parse(bytes);
        }
        Ok(Self {
            name: Name::new(info.get::<{ at::GPU_NAME_STRING }, NAME_SIZE>()),
            bar1_page_directory: info.get_u64::<{ at::BAR1_PDE_BASE }>(),
            bar2_page_directory: info.get_u64::<{ at::BAR2_PDE_BASE }>(),
            handles: InternalHandles {
                client: info.get_u32::<{ at::INTERNAL_CLIENT }>(),
                device: info.get_u32::<{ at::INTERNAL_DEVICE }>(),
                subdevice: info.get_u32::<{ at::INTERNAL_SUBDEVICE }>(),
            },
            non_wpr_heap: info.get_u64::<{ at::NON_WPR_HEAP_OFFSET }>(),
            frts: info.get_u64::<{ at::FRTS_OFFSET }>(),
            regions,
        })
    }

    /// The regions of video memory that the driver may use, none of them empty. There may be none.
    ///
    /// Whatever GSP-RM says, they lie in the first `vram_size` bytes, and do not overlap: one that would is
    /// left out.
    pub fn usable_regions(&self, vram_size: u64) -> impl Iterator<Item = Range<u64>> + '_ {
        let regions = self.regions.iter().enumerate();
        regions.filter_map(move |(index, region)| {
            let region = region.as_ref()?;
            // PANIC: there are more regions than the index.
            let before = &self.regions[..index];
            let overlaps = before
                .iter()
                .flatten()
                .any(|it| it.start < region.end && region.start < it.end);
            (region.end <= vram_size && !overlaps).then_some(region.start..region.end)
        })
    }
}

#[cfg(test)]
mod tests;
