// SPDX-License-Identifier: GPL-2.0

//! Video memory: how much there is, and where GSP-RM's regions will lie in it.

mod regs;
pub(crate) mod sysmem_flush;

use crate::{
    driver::Bar0,
    firmware::FirmwareInfo,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    io::Io,
    pci,
    prelude::*, //
};
use kernel_glue::fmt::Plain;
use nova_hw::{
    chip::{
        Chip,
        DisplaySource,
        Sec2Boot, //
    },
    fb::{
        self,
        FspLayout,
        LayoutError,
        Sec2Inputs,
        Sec2Layout,
        VramAddr,
        VramSizeSource, //
    },
    wpr2::Wpr2, //
};

/// Reads how many bytes of video memory there are.
///
/// # Errors
///
/// `EIO` if the GPU answers nonsense, `ENODEV` if it has gone; after one log line.
pub(crate) fn vram_size(dev: &pci::Device<Bound>, bar: &Bar0<'_>, chip: Chip) -> Result<u64> {
    let source = chip.family().vram_size;
    let raw = match source {
        VramSizeSource::LocalMemoryRange => {
            bar.read(regs::NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE).into_raw()
        }
        VramSizeSource::UsableMebibytes => bar.read(regs::NV_USABLE_FB_SIZE_IN_MB).into_raw(),
    };
    fb::vram_size(source, raw).map_err(|err| nonsense(dev, bar, err))
}

/// Computes where GSP-RM's regions will lie in `vram_size` bytes of video memory, on a chip that is booted
/// through SEC2.
///
/// # Errors
///
/// `EIO` if the GPU answers nonsense, `ENODEV` if it has gone, `EINVAL` if the regions do not fit; after one
/// log line.
pub(crate) fn sec2_layout(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    chip: Chip,
    vram_size: u64,
    firmware: &FirmwareInfo,
) -> Result<Sec2Layout> {
    let family = chip.family();
    let sec2 = family.sec2().ok_or(EINVAL)?;
    let fb_end = VramAddr::new(vram_size);
    let vga = fb::vga_workspace(fb_end, vga_workspace_base(bar, sec2))
        .map_err(|err| nonsense(dev, bar, err))?;
    let inputs = Sec2Inputs {
        fb_end,
        vga,
        row_remapper_lock: row_remapper_lock(bar, sec2),
        elf_size: firmware.image_size,
        bl_size: firmware.bootloader_size,
    };
    Sec2Layout::compute(family, &inputs).map_err(|err| no_layout(dev, err))
}

/// Computes how big GSP-RM's regions will be in `vram_size` bytes of video memory, on a chip that is booted by
/// FSP. `functions` is the number of virtual functions that the card is divided among, if it is.
///
/// # Errors
///
/// `EINVAL` if the regions do not fit, or there are too many functions; after one log line.
pub(crate) fn fsp_layout(
    dev: &pci::Device<Bound>,
    chip: Chip,
    vram_size: u64,
    functions: Option<u16>,
) -> Result<FspLayout> {
    FspLayout::compute(chip.family(), VramAddr::new(vram_size), functions)
        .map_err(|err| no_layout(dev, err))
}

fn no_layout(dev: &pci::Device<Bound>, err: LayoutError) -> Error {
    dev_err!(dev, "no framebuffer layout: {}\n", Plain(err));
    EINVAL
}

/// Reads whether protected memory has been set up, and where. Not on chips that FSP boots.
///
/// # Errors
///
/// `EIO` if the GPU answers nonsense, `ENODEV` if it has gone; after one log line.
pub(crate) fn wpr2(dev: &pci::Device<Bound>, bar: &Bar0<'_>) -> Result<Option<Wpr2>> {
    let hi = bar.read(regs::NV_PFB_PRI_MMU_WPR2_ADDR_HI).into_raw();
    if !Wpr2::exists(hi) {
        return Ok(None);
    }
    let lo = bar.read(regs::NV_PFB_PRI_MMU_WPR2_ADDR_LO).into_raw();
    if is_unreadable(hi) || is_unreadable(lo) {
        return Err(nonsense(
            dev,
            bar,
            fmt!("bounds of protected memory read {:#010x}..{:#010x}", lo, hi),
        ));
    }
    Ok(Wpr2::decode(lo, hi))
}

fn is_unreadable(raw: u32) -> bool {
    raw == u32::MAX || fb::is_pri_error(raw)
}

/// Logs why a register makes no sense, and gives the errno: `ENODEV` if the device has gone, else `EIO`.
fn nonsense(dev: &pci::Device<Bound>, bar: &Bar0<'_>, reason: impl core::fmt::Display) -> Error {
    if is_gone(dev, bar) {
        return ENODEV;
    }
    dev_err!(dev, "{}\n", Plain(reason));
    EIO
}

/// Reads where the VGA workspace is, unless the chip has no display.
fn vga_workspace_base(bar: &Bar0<'_>, sec2: &Sec2Boot) -> Option<u32> {
    let display_disabled = match sec2.display {
        DisplaySource::Never => true,
        DisplaySource::FuseTu102 => bar
            .read(regs::NV_FUSE_STATUS_OPT_DISPLAY_TU102)
            .disabled()
            .into_bool(),
        DisplaySource::FuseGa100 => bar
            .read(regs::NV_FUSE_STATUS_OPT_DISPLAY_GA100)
            .disabled()
            .into_bool(),
    };
    (!display_disabled).then(|| bar.read(regs::NV_PDISP_VGA_WORKSPACE_BASE).into_raw())
}

/// Reads what the VBIOS has locked for the row remapper, if the chip has one and may be asked.
fn row_remapper_lock(bar: &Bar0<'_>, sec2: &Sec2Boot) -> Option<VramAddr> {
    if !sec2.has_row_remapper_lock {
        return None;
    }
    let readable = bar
        .read(regs::NV_PFB_PRI_MMU_LOCK_CFG_PRIV_LEVEL_MASK)
        .read_by_cpu()
        .into_bool();
    if !readable {
        return None;
    }
    fb::row_remapper_lock(
        bar.read(regs::NV_PFB_PRI_MMU_LOCK_ADDR_LO).into_raw(),
        bar.read(regs::NV_PFB_PRI_MMU_LOCK_ADDR_HI).into_raw(),
    )
}
