// SPDX-License-Identifier: GPL-2.0

//! Sizing GSP-RM's regions on chips booted through FSP, whose firmware chooses the places.

use super::{
    wpr_heap_size,
    LayoutError,
    VramAddr,
    VramRange, //
};
use crate::chip::Family;

/// What the VGA workspace is said to need. Nobody reads where it is on these chips.
const VGA_WORKSPACE_SIZE: u64 = 0x2_0000;

/// Alignment of the FRTS region when the PMU's region is between it and the end of memory.
const PMU_ALIGN: u64 = 0x20_0000;

/// What GSP-RM's regions need. All sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FspLayout {
    /// All of video memory.
    pub fb: VramRange,
    /// Firmware tables.
    pub frts_size: u64,
    /// GSP-RM's heap in the protected region.
    pub heap_size: u64,
    /// GSP-RM's heap outside of it.
    pub non_wpr_heap_size: u64,
    /// The PMU's region, 0 if it has none.
    pub pmu_reserved_size: u64,
    /// The VGA workspace.
    pub vga_workspace_size: u64,
    /// Number of virtual functions the heap is for, 0 unless in vGPU mode.
    pub vf_partition_count: u8,
    /// For the chain-of-trust message: from the end of video memory down to the **end** of FRTS.
    pub frts_end_offset: u64,
    /// Where that puts FRTS.
    pub frts: VramRange,
    /// Where that puts the PMU's region, just above FRTS; empty if it has none.
    pub pmu: VramRange,
}

impl FspLayout {
    /// Computes all sizes for a chip of `family` with `fb_end` bytes of video memory.
    ///
    /// `total_vfs` is the number of virtual functions in vGPU mode, and `None` otherwise.
    ///
    /// # Errors
    ///
    /// [`LayoutError`].
    pub fn compute(
        family: &Family,
        fb_end: VramAddr,
        total_vfs: Option<u16>,
    ) -> Result<Self, LayoutError> {
        let fsp = family.fsp().ok_or(LayoutError::WrongBootMethod)?;
        let too_big = LayoutError::VramTooBig {
            fb_size: fb_end.raw(),
        };
        let vf_partition_count = match total_vfs {
            Some(total_vfs) => {
                u8::try_from(total_vfs).map_err(|_| LayoutError::TooManyVfs { total_vfs })?
            }
            None => 0,
        };

        let frts_end_offset = match family.pmu_reserved_size {
            0 => Some(fsp.fb_end_reserve),
            pmu => fsp
                .fb_end_reserve
                .checked_add(pmu)
                .and_then(|sum| sum.checked_next_multiple_of(PMU_ALIGN)),
        }
        .ok_or(too_big)?;
        let no_room = |region, needed| LayoutError::NoRoom {
            region,
            needed,
            left: fb_end.raw(),
        };
        let frts_end = fb_end
            .checked_sub(frts_end_offset)
            .ok_or(no_room("memory reserved at the end", frts_end_offset))?;
        let frts = frts_end
            .checked_sub(family.frts_size)
            .and_then(|start| VramRange::new(start, frts_end))
            .ok_or(no_room("frts", family.frts_size))?;
        let pmu = VramRange::from_start(frts_end, family.pmu_reserved_size).ok_or(too_big)?;
        let heap_size = wpr_heap_size(family, fb_end.raw(), total_vfs.is_some())?;
        // Where the rest goes is up to firmware, but it has to go somewhere below FRTS.
        let below_frts = heap_size
            .checked_add(family.non_wpr_heap_size)
            .ok_or(too_big)?;
        frts.start()
            .checked_sub(below_frts)
            .ok_or(LayoutError::NoRoom {
                region: "GSP heap",
                needed: below_frts,
                left: frts.start().raw(),
            })?;

        Ok(Self {
            fb: VramRange::new(VramAddr::ZERO, fb_end).ok_or(too_big)?,
            frts_size: family.frts_size,
            heap_size,
            non_wpr_heap_size: family.non_wpr_heap_size,
            pmu_reserved_size: family.pmu_reserved_size,
            vga_workspace_size: VGA_WORKSPACE_SIZE,
            vf_partition_count,
            frts_end_offset,
            frts,
            pmu,
        })
    }

    /// Every region whose place follows from the sizes, with its name, from the end down.
    pub fn regions(&self) -> impl Iterator<Item = (&'static str, VramRange)> {
        [
            Some(("fb", self.fb)),
            (!self.pmu.is_empty()).then_some(("pmu_reserved", self.pmu)),
            Some(("frts", self.frts)),
        ]
        .into_iter()
        .flatten()
    }

    /// Every size that firmware is told without a place, with its name.
    pub fn sizes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("vga_workspace", self.vga_workspace_size),
            ("wpr2_heap", self.heap_size),
            ("non_wpr_heap", self.non_wpr_heap_size),
        ]
        .into_iter()
    }
}
