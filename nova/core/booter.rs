// SPDX-License-Identifier: GPL-2.0

//! Booter: the programs that SEC2 runs to start the GSP in protected memory, and to take that down.

use crate::{
    driver::Bar0,
    falcon::{
        Falcon,
        Mailboxes,
        Sec2,
        Ucode, //
    },
    fb,
    fuse,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::booter::{
    self,
    FuseBank,
    LoadMethod, //
};
use nova_hw::falcon::{
    dma,
    pio, //
};

/// What the first mailbox holds if Booter has neither succeeded nor said why.
const NO_RESULT: u32 = 0xff;

/// Makes a program of a Booter, signed as the card's fuses ask for. `path` is its file.
///
/// # Errors
///
/// `EINVAL` if the file has no signature for this card or does not fit its falcon, after one log line;
/// `ENOMEM`.
pub(crate) fn prepare<'a>(
    dev: &'a pci::Device<Bound>,
    bar: &Bar0<'_>,
    name: &'static str,
    path: &str,
    booter: &booter::Booter<'_>,
    method: LoadMethod,
) -> Result<Ucode<'a>> {
    macro_rules! complain {
        ($error:expr) => {{
            dev_err!(dev, "firmware {}: {}\n", path, Plain($error));
            EINVAL
        }};
    }

    let wanted = match method {
        // These falcons have no such fuse.
        LoadMethod::Pio => 0,
        LoadMethod::Dma => {
            let bank = FuseBank::of(booter.engine_id()).ok_or(EINVAL)?;
            booter::fuse_version(fuse::ucode_version(bar, bank, booter.ucode_id())?)
        }
    };
    let signature = booter.signature_for(wanted).map_err(|err| complain!(err))?;
    let mut payload = KVVec::from_elem(0, booter.payload().len(), GFP_KERNEL)?;
    booter
        .write_signed(signature, &mut payload)
        .map_err(|err| complain!(err))?;

    match method {
        LoadMethod::Dma => {
            let program = dma::Program::of_booter(booter).map_err(|err| complain!(err))?;
            Ucode::dma(dev, name, program, &payload)
        }
        LoadMethod::Pio => {
            let program = pio::Program::of_booter(booter).map_err(|err| complain!(err))?;
            Ok(Ucode::pio(name, program, payload, None))
        }
    }
}

/// Has Booter start the GSP as the `GspFwWprMeta` at the DMA address `meta` says.
///
/// # Errors
///
/// `EACCES` if Booter was not let run, `EIO` if it failed; those of running a falcon; after one log line.
pub(crate) fn run_load(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    sec2: &Falcon<'_, Sec2>,
    ucode: &Ucode<'_>,
    meta: u64,
) -> Result {
    let mailboxes = Mailboxes::from(meta);
    match sec2.reset()?.load(ucode)?.run_with(mailboxes)? {
        0 => Ok(()),
        _ if is_gone(dev, bar) => Err(ENODEV),
        unchanged if unchanged == mailboxes.0 => {
            dev_err!(
                dev,
                "{} did not run: the card refuses its signature; install the firmware package anew\n",
                ucode.name()
            );
            Err(EACCES)
        }
        code => {
            dev_err!(
                dev,
                "{} failed: mailbox reads {:#010x}; power-cycle the machine\n",
                ucode.name(),
                code
            );
            Err(EIO)
        }
    }
}

/// Has Booter take protected memory down, and checks that it did.
///
/// # Errors
///
/// `EIO` if Booter failed, `EBUSY` if protected memory is still there; those of running a falcon; after
/// one log line.
pub(crate) fn run_unload(
    dev: &pci::Device<Bound>,
    bar: &Bar0<'_>,
    sec2: &Falcon<'_, Sec2>,
    ucode: &Ucode<'_>,
) -> Result {
    let mailboxes = Mailboxes(NO_RESULT, NO_RESULT);
    match sec2.reset()?.load(ucode)?.run_with(mailboxes)? {
        0 => {}
        _ if is_gone(dev, bar) => return Err(ENODEV),
        code => {
            dev_err!(
                dev,
                "{} failed: mailbox reads {:#010x}; reset the GPU or power-cycle the machine\n",
                ucode.name(),
                code
            );
            return Err(EIO);
        }
    }
    match fb::wpr2(dev, bar)? {
        None => Ok(()),
        Some(wpr2) => {
            dev_err!(
                dev,
                "{} has left protected memory at {}; reset the GPU or power-cycle the machine\n",
                ucode.name(),
                Plain(wpr2)
            );
            Err(EBUSY)
        }
    }
}
