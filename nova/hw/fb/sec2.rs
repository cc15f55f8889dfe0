// SPDX-License-Identifier: GPL-2.0

//! Placing GSP-RM's regions on chips booted through SEC2.
//!
//! Top down, with the alignment that leaves a gap above a region:
//!
//! ```text
//! fb_end   ┌────────────────────────┐
//!          │ VGA workspace          │
//!          ├────────────────────────┤ 128 KiB  ── wpr2 ends, also frts
//!          │ FRTS (none on GA100)   │
//!          ├────────────────────────┤ 4 KiB
//!          │ GSP bootloader         │
//!          ├────────────────────────┤ 64 KiB
//!          │ GSP image              │
//!          ├────────────────────────┤ 1 MiB
//!          │ heap                   │
//!          ├────────────────────────┤ 1 MiB
//!          │ GspFwWprMeta           │
//!          ├────────────────────────┤          ── wpr2 starts
//!          │ heap outside WPR2      │
//!          └────────────────────────┘
//! ```

use super::{
    wpr_heap_size,
    LayoutError,
    VramAddr,
    VramRange, //
};
use crate::chip::Family;

const FRTS_ALIGN: u64 = 0x2_0000;
const BOOTLOADER_ALIGN: u64 = 0x1000;
const IMAGE_ALIGN: u64 = 0x1_0000;
const HEAP_ALIGN: u64 = 0x10_0000;

/// Size of `GspFwWprMeta`, which stands at the start of WPR2.
const WPR_META_SIZE: u64 = 256;

/// FWSEC takes the FRTS region as a 32-bit number of 4 KiB pages.
const FRTS_LIMIT: VramAddr = VramAddr::new(1 << 44);

/// What a layout is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Sec2Inputs {
    /// End of video memory.
    pub fb_end: VramAddr,
    /// The VGA workspace, which ends there too.
    pub vga: VramRange,
    /// What the VBIOS has locked for the row remapper, on chips that have one: see
    /// [`row_remapper_lock`].
    pub row_remapper_lock: Option<VramAddr>,
    /// Bytes of the GSP image.
    pub elf_size: u64,
    /// Bytes of the GSP bootloader.
    pub bl_size: u64,
}

/// Where every region is. All ranges lie inside video memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sec2Layout {
    /// All of video memory.
    pub fb: VramRange,
    /// The VGA workspace, up to the end.
    pub vga: VramRange,
    /// Firmware tables set aside by FWSEC; empty on GA100, but still at the end of `wpr2`.
    pub frts: VramRange,
    /// The GSP bootloader.
    pub boot: VramRange,
    /// The GSP image.
    pub elf: VramRange,
    /// GSP-RM's heap.
    pub heap: VramRange,
    /// The write-protected region, from `GspFwWprMeta` to the end of `frts`.
    pub wpr2: VramRange,
    /// GSP-RM's heap outside of it, just below.
    pub non_wpr_heap: VramRange,
}

/// Decodes what the VBIOS has locked for the row remapper on GA100: the lowest address that is locked.
///
/// `lo` and `hi` are the raw values of the lock's two address registers (31:4 holds the address in units
/// of 4 KiB). They may be read only if bit 0 of the lock's privilege-level mask is set; otherwise there
/// is no lock to heed.
///
/// A lock that ends before it begins is none. Neither is one that reads 0 throughout: the remapper's
/// rows are at the end of video memory, never at its start.
pub fn row_remapper_lock(lo: u32, hi: u32) -> Option<VramAddr> {
    let address = |raw: u32| VramAddr::new(u64::from(raw >> 4) << 12);
    let (lo, hi) = (address(lo), address(hi));
    (hi >= lo && hi > VramAddr::ZERO).then_some(lo)
}

/// The highest place for `size` bytes below `below` whose start is a multiple of `alignment`.
fn place_below(
    region: &'static str,
    below: VramAddr,
    size: u64,
    alignment: u64,
) -> Result<VramRange, LayoutError> {
    below
        .checked_sub(size)
        .map(|start| start.align_down(alignment))
        .and_then(|start| VramRange::from_start(start, size))
        .ok_or(LayoutError::NoRoom {
            region,
            needed: size,
            left: below.raw(),
        })
}

impl Sec2Layout {
    /// Places every region for a chip of `family`.
    ///
    /// # Errors
    ///
    /// [`LayoutError`], in particular [`LayoutError::NoRoom`] naming the region that did not fit.
    pub fn compute(family: &Family, inputs: &Sec2Inputs) -> Result<Self, LayoutError> {
        let sec2 = family.sec2().ok_or(LayoutError::WrongBootMethod)?;
        let Sec2Inputs {
            fb_end,
            vga,
            row_remapper_lock,
            elf_size,
            bl_size,
        } = *inputs;
        if vga.end() != fb_end {
            return Err(LayoutError::VgaNotAtEnd { vga, fb_end });
        }

        let usable_end = match row_remapper_lock {
            Some(lock) if sec2.has_row_remapper_lock => vga.start().min(lock),
            _ => vga.start(),
        };
        let frts_end = usable_end.align_down(FRTS_ALIGN);
        let frts = place_below("frts", frts_end, family.frts_size, FRTS_ALIGN)?;
        if sec2.runs_fwsec_frts && frts.start() >= FRTS_LIMIT {
            return Err(LayoutError::FrtsTooHigh {
                start: frts.start(),
            });
        }

        let boot = place_below("GSP bootloader", frts.start(), bl_size, BOOTLOADER_ALIGN)?;
        let elf = place_below("GSP image", boot.start(), elf_size, IMAGE_ALIGN)?;

        let heap_size = wpr_heap_size(family, fb_end.raw(), false)?;
        let heap_start = place_below("GSP heap", elf.start(), heap_size, HEAP_ALIGN)?.start();
        // The heap gets the rounding: it ends at the last multiple of 1 MiB below the image.
        let heap_end = elf.start().align_down(HEAP_ALIGN);
        let heap = VramRange::new(heap_start, heap_end).ok_or(LayoutError::NoRoom {
            region: "GSP heap",
            needed: heap_size,
            left: elf.start().raw(),
        })?;

        let meta = place_below("GspFwWprMeta", heap.start(), WPR_META_SIZE, HEAP_ALIGN)?;
        let wpr2 = VramRange::new(meta.start(), frts.end()).ok_or(LayoutError::NoRoom {
            region: "WPR2",
            needed: WPR_META_SIZE,
            left: frts.end().raw(),
        })?;
        // Not aligned again: it ends where WPR2 starts.
        let non_wpr_heap = place_below(
            "heap outside WPR2",
            wpr2.start(),
            family.non_wpr_heap_size,
            1,
        )?;

        let fb = VramRange::new(VramAddr::ZERO, fb_end).ok_or(LayoutError::VramTooBig {
            fb_size: fb_end.raw(),
        })?;
        Ok(Self {
            fb,
            vga,
            frts,
            boot,
            elf,
            heap,
            wpr2,
            non_wpr_heap,
        })
    }

    /// What `gspFwWprEnd` is to say.
    pub const fn wpr_end(&self) -> VramAddr {
        self.wpr2.end()
    }

    /// The part of video memory that GSP-RM and the VBIOS take: from the lowest region to the end.
    ///
    /// GSP-RM tells later which parts of the rest the driver may use.
    pub fn reserved(&self) -> Option<VramRange> {
        VramRange::new(self.non_wpr_heap.start(), self.fb.end())
    }

    /// Every region with its name, from the end of video memory down.
    pub fn regions(&self) -> impl Iterator<Item = (&'static str, VramRange)> {
        [
            ("fb", self.fb),
            ("vga_workspace", self.vga),
            ("frts", self.frts),
            ("boot", self.boot),
            ("elf", self.elf),
            ("wpr2_heap", self.heap),
            ("wpr2", self.wpr2),
            ("non_wpr_heap", self.non_wpr_heap),
        ]
        .into_iter()
    }
}
