// SPDX-License-Identifier: GPL-2.0

//! FWSEC: the program in the card's ROM that sets up protected memory (FRTS) and, when the driver goes,
//! puts back what the GPU needs without one (SB).

use crate::{
    driver::Bar0,
    falcon::{
        Falcon,
        Gsp,
        Ucode, //
    },
    fb, fuse,
    identify::is_gone,
    vbios::{
        self,
        Rom, //
    },
};
use kernel::{
    device::Bound,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*, //
};
use kernel_glue::{
    dma::Shared,
    fmt::Plain, //
};
use nova_firmware::{
    generic_bootloader::GenericBootloader,
    vbios::{
        Application,
        Command,
        FrtsRegion,
        ReadError,
        Vbios, //
    },
    At, //
};
use nova_hw::{
    falcon::{
        dma,
        pio,
        GSP_IMEM_SIZE, //
    },
    fb::VramRange, //
};

register! {
    /// What became of FRTS.
    NV_PBUS_SW_SCRATCH_0E_FRTS_ERR(u32) @ 0x00001438 {
        /// 0 if all went well.
        31:16 code;
    }

    /// What became of SB.
    NV_PBUS_SW_SCRATCH_15_SB_ERR(u32) @ 0x00001454 {
        /// 0 if all went well.
        15:0 code;
    }
}

const FRTS: &str = "FWSEC-FRTS";
const SB: &str = "FWSEC-SB";

/// FWSEC as read from the ROM, with its signature, but without a command.
pub(crate) struct Fwsec {
    fwsec: nova_firmware::vbios::Fwsec,
    ucode: KVVec<u8>,
}

impl Fwsec {
    /// Reads it from the ROM, and the fuse that says which of its signatures is to be used.
    ///
    /// # Errors
    ///
    /// `EINVAL`, `ENOENT`, `ERANGE`, `EOVERFLOW`, `EOPNOTSUPP` if the ROM is malformed, `ENODEV` if the
    /// device has gone, after one log line; `ENOMEM`.
    pub(crate) fn read(dev: &pci::Device<Bound>, bar: &Bar0<'_>) -> Result<Self> {
        let complain = |error| vbios::complain(dev, bar, error);
        let malformed = |error: At<_>| complain(ReadError::Rom(error));

        let mut rom = Rom(bar);
        let vbios = Vbios::read(&mut rom).map_err(complain)?;
        let fwsec = vbios
            .fwsec(&mut rom, Application::FwsecProduction)
            .map_err(complain)?;

        let mut ucode = KVVec::from_elem(0, fwsec.ucode_size(), GFP_KERNEL)?;
        fwsec.read_ucode(&mut rom, &mut ucode).map_err(complain)?;
        if let Some(signatures) = fwsec.signatures().map_err(malformed)? {
            let fuse = fuse::ucode_version(bar, signatures.bank(), signatures.ucode_id())?;
            signatures
                .choose(fuse)
                .map_err(malformed)?
                .read(&mut rom, &mut ucode)
                .map_err(complain)?;
        }
        Ok(Self { fwsec, ucode })
    }

    /// FWSEC with the command to create `region`.
    ///
    /// # Errors
    ///
    /// As [`sb`](Self::sb), and `EINVAL` if FWSEC cannot be told of the region.
    pub(crate) fn frts<'a>(
        &self,
        dev: &'a pci::Device<Bound>,
        bar: &Bar0<'_>,
        bootloader: Option<&GenericBootloader<'_>>,
        region: VramRange,
    ) -> Result<Ucode<'a>> {
        let region = FrtsRegion::new(region.start().raw(), region.len()).map_err(|err| {
            dev_err!(dev, "{}\n", Plain(err));
            EINVAL
        })?;
        self.with(dev, bar, bootloader, FRTS, Command::Frts(region))
    }

    /// FWSEC with the command to put back what the GPU needs when no driver runs.
    ///
    /// `bootloader` is what fetches FWSEC into the falcon, where that does not do so by itself.
    ///
    /// # Errors
    ///
    /// `EINVAL`, `EOVERFLOW`, `EOPNOTSUPP` if the ROM is malformed, after one log line; `ENOMEM`.
    pub(crate) fn sb<'a>(
        &self,
        dev: &'a pci::Device<Bound>,
        bar: &Bar0<'_>,
        bootloader: Option<&GenericBootloader<'_>>,
    ) -> Result<Ucode<'a>> {
        self.with(dev, bar, bootloader, SB, Command::Sb)
    }

    fn with<'a>(
        &self,
        dev: &'a pci::Device<Bound>,
        bar: &Bar0<'_>,
        bootloader: Option<&GenericBootloader<'_>>,
        name: &'static str,
        command: Command,
    ) -> Result<Ucode<'a>> {
        let malformed = |error: At<_>| vbios::complain(dev, bar, ReadError::Rom(error));
        // The object: zeros before the program, which gets its command.
        let object = |padding: usize| {
            let mut object = KVVec::from_elem(0, padding + self.ucode.len(), GFP_KERNEL)?;
            let ucode = object.get_mut(padding..).ok_or(EINVAL)?;
            ucode.copy_from_slice(&self.ucode);
            self.fwsec.patch(ucode, command).map_err(malformed)?;
            Ok::<_, Error>(object)
        };

        let Some(bootloader) = bootloader else {
            let load = self.fwsec.dma_load().map_err(malformed)?;
            let program = dma::Program::of_fwsec(&load);
            return Ucode::dma(dev, name, program, &object(0)?);
        };

        let load = self.fwsec.bootloader_load().map_err(malformed)?;
        // CAST: `usize` has 64 bits on every machine with such a GPU.
        let fetched = Shared::alloc(dev.as_ref(), load.object_size as usize)?;
        fetched.write(0, &object(load.padding as usize)?)?;
        let descriptor = load.descriptor(fetched.dma_address()).map_err(|err| {
            dev_err!(dev, "{}: {}\n", name, Plain(err));
            EINVAL
        })?;

        // CAST: a small constant.
        let program =
            pio::Program::of_bootloader(bootloader, descriptor.len() as u32, GSP_IMEM_SIZE)
                .map_err(|err| {
                    dev_err!(dev, "{}: {}\n", name, Plain(err));
                    EINVAL
                })?;
        let mut object = KVVec::new();
        object.extend_from_slice(bootloader.code, GFP_KERNEL)?;
        // CAST: As above.
        object.resize(bootloader.padded_size as usize, 0, GFP_KERNEL)?;
        object.extend_from_slice(&descriptor, GFP_KERNEL)?;
        Ok(Ucode::pio(name, program, object, Some(fetched)))
    }
}

/// Runs FWSEC with a command, and checks that it was done as far as the falcon tells.
fn run(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    gsp: &Falcon<'_, Gsp>,
    ucode: &Ucode<'_>,
) -> Result {
    let result = gsp.reset()?.load(ucode)?.run(0)?;
    if result == 0 {
        return Ok(());
    }
    failed(
        dev,
        bar,
        ucode.name(),
        fmt!("mailbox reads {:#010x}", result),
    )
}

/// Logs that FWSEC failed, unless it is the device that has gone.
fn failed(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    name: &str,
    what: kernel::fmt::Arguments<'_>,
) -> Result {
    if is_gone(dev, bar) {
        return Err(ENODEV);
    }
    dev_err!(dev, "{} failed: {}; power-cycle the machine\n", name, what);
    Err(EIO)
}

/// Has FWSEC create `region`, and checks that it did.
///
/// # Errors
///
/// `EIO` if FWSEC says that it failed, or the region is not there; those of running a falcon; after one
/// log line.
pub(crate) fn run_frts(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    gsp: &Falcon<'_, Gsp>,
    ucode: &Ucode<'_>,
    region: VramRange,
) -> Result {
    run(dev, bar, gsp, ucode)?;
    let code = bar.read(NV_PBUS_SW_SCRATCH_0E_FRTS_ERR).code().get();
    if code != 0 {
        return failed(dev, bar, FRTS, fmt!("error code {:#x}", code));
    }
    match fb::wpr2(dev, bar)? {
        Some(wpr2) if wpr2.is_frts(region) => Ok(()),
        Some(wpr2) => failed(
            dev,
            bar,
            FRTS,
            fmt!(
                "protected memory is at {}, {} expected",
                Plain(wpr2),
                Plain(region)
            ),
        ),
        None => failed(dev, bar, FRTS, fmt!("it has not set up protected memory")),
    }
}

/// Has FWSEC put back what the GPU needs when no driver runs.
///
/// # Errors
///
/// `EIO` if FWSEC says that it failed; those of running a falcon; after one log line.
pub(crate) fn run_sb(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    gsp: &Falcon<'_, Gsp>,
    ucode: &Ucode<'_>,
) -> Result {
    run(dev, bar, gsp, ucode)?;
    match bar.read(NV_PBUS_SW_SCRATCH_15_SB_ERR).code().get() {
        0 => Ok(()),
        code => failed(dev, bar, SB, fmt!("error code {:#x}", code)),
    }
}
