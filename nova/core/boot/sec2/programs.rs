// SPDX-License-Identifier: GPL-2.0

//! The programs that falcons run to boot the GSP and to take it down, made ready.

use crate::{
    booter,
    driver::Bar0,
    falcon::Ucode,
    firmware::Files,
    fwsec::Fwsec, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use nova_firmware::generic_bootloader::GenericBootloader;
use nova_hw::{
    chip::{
        Chip,
        Sec2Boot, //
    },
    fb::{
        Sec2Layout,
        VramRange, //
    },
    firmware_files::FirmwareKind, //
};

/// FWSEC with the command to set up protected memory.
pub(super) struct Frts<'a> {
    pub(super) ucode: Ucode<'a>,
    /// What it is to create.
    pub(super) region: VramRange,
}

/// What it takes to boot the GSP.
pub(super) struct BootPrograms<'a> {
    /// Not on GA100, where Booter does it all.
    pub(super) frts: Option<Frts<'a>>,
    pub(super) booter_load: Ucode<'a>,
    /// For the falcon's OS register.
    pub(super) app_version: u32,
}

/// What it takes to take the GSP down.
pub(super) struct UnloadPrograms<'a> {
    pub(super) fwsec_sb: Ucode<'a>,
    pub(super) booter_unload: Ucode<'a>,
}

impl<'a> UnloadPrograms<'a> {
    /// Prepares them alone, for a GPU that somebody else has booted.
    ///
    /// # Errors
    ///
    /// `ENOENT` if a file is missing, without a log line, since finding it has logged that; those of
    /// reading the ROM and of signing Booter, after one.
    pub(super) fn prepare(
        dev: &'a pci::Device<Bound>,
        bar: &Bar0<'_>,
        chip: Chip,
        files: &Files<'_>,
    ) -> Result<Self> {
        let sec2 = chip.family().sec2().ok_or(EINVAL)?;
        let bootloader = bootloader(sec2, files)?;
        Self::with(dev, bar, sec2, files, bootloader, &Fwsec::read(dev, bar)?)
    }

    fn with(
        dev: &'a pci::Device<Bound>,
        bar: &Bar0<'_>,
        sec2: &Sec2Boot,
        files: &Files<'_>,
        bootloader: Option<GenericBootloader<'_>>,
        fwsec: &Fwsec,
    ) -> Result<Self> {
        let (booter, path) = files.booter(FirmwareKind::BooterUnload)?;
        Ok(Self {
            booter_unload: booter::prepare(dev, bar, "booter_unload", path, &booter, sec2.load)?,
            fwsec_sb: fwsec.sb(dev, bar, bootloader.as_ref())?,
        })
    }
}

/// What loads FWSEC, if the chip's falcons need it.
fn bootloader<'f>(sec2: &Sec2Boot, files: &'f Files<'_>) -> Result<Option<GenericBootloader<'f>>> {
    sec2.fwsec_through_generic_bootloader
        .then(|| files.generic_bootloader())
        .transpose()
}

/// Prepares everything. Without the programs for taking the GSP down, of which a warning has been logged,
/// it can be booted once.
///
/// Reads the card's ROM.
///
/// # Errors
///
/// Those of reading the ROM and of signing Booter, after one log line; `ENOMEM`.
pub(super) fn prepare<'a>(
    dev: &'a pci::Device<Bound>,
    bar: &Bar0<'_>,
    chip: Chip,
    files: &Files<'_>,
    layout: &Sec2Layout,
) -> Result<(BootPrograms<'a>, Option<UnloadPrograms<'a>>)> {
    let sec2 = chip.family().sec2().ok_or(EINVAL)?;
    let (booter, path) = files.booter(FirmwareKind::BooterLoad)?;
    let booter_load = booter::prepare(dev, bar, "booter_load", path, &booter, sec2.load)?;
    let app_version = files.gsp_bootloader()?.app_version;
    let can_unload = files.info().can_unload;

    if !sec2.runs_fwsec_frts && !can_unload {
        let boot = BootPrograms {
            frts: None,
            booter_load,
            app_version,
        };
        return Ok((boot, None));
    }

    let fwsec = Fwsec::read(dev, bar)?;
    let bootloader = bootloader(sec2, files)?;
    let frts = if sec2.runs_fwsec_frts {
        let region = layout.frts;
        let ucode = fwsec.frts(dev, bar, bootloader.as_ref(), region)?;
        Some(Frts { ucode, region })
    } else {
        None
    };
    let unload = can_unload
        .then(|| UnloadPrograms::with(dev, bar, sec2, files, bootloader, &fwsec))
        .transpose()?;
    let boot = BootPrograms {
        frts,
        booter_load,
        app_version,
    };
    Ok((boot, unload))
}
