// SPDX-License-Identifier: GPL-2.0

//! A GPU that somebody else has left as no driver can boot it, and what is done about it.
//!
//! Everything here happens before the device is driven: a GSP that still runs must not get at system
//! memory, so the device must not master the bus until it is known that none does.

use super::{
    Engines,
    UnloadPrograms, //
};
use crate::{
    driver::Bar0,
    fb::{
        self,
        sysmem_flush::{
            self,
            Page,
            SysmemFlush, //
        },
    },
    firmware::Files,
    gfw,
    identify::is_gone, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::{
    fmt::Plain,
    pci::{
        Enabled,
        Setup, //
    },
};
use nova_hw::{
    chip::Chip,
    leftovers::{
        falcon_runs,
        Gsp,
        Leftovers,
        Remedy, //
    }, //
};

/// Makes the GPU one that can be booted, if it is not.
///
/// `page` is made known to it if programs have to run that take down what somebody else has booted. Tells
/// whether it still is, in which case it must be made known again by who goes on.
///
/// Sleeps.
///
/// # Errors
///
/// `EBUSY` if nothing helps; the GPU is then as it was found, as far as that is up to the driver. `ENODEV`
/// if the device has gone, those of waiting for the card's firmware after a reset. After one log line that
/// names the state, and one that tells the end.
pub(crate) fn clear(
    setup: &mut Setup<'_, '_, '_>,
    enabled: &Enabled<'_>,
    bar: &Bar0<'_>,
    chip: Chip,
    page: &Page,
) -> Result<bool> {
    let dev = setup.device();
    let leftovers = find(dev, bar, chip)?;
    if leftovers.is_clean() {
        return Ok(false);
    }
    match leftovers.remedy() {
        Remedy::None => {
            dev_info!(
                dev,
                "somebody has left in the GPU: {}; taking over\n",
                Plain(leftovers)
            );
            return Ok(false);
        }
        Remedy::UnloadFirmware => {
            dev_warn!(
                dev,
                "somebody has left in the GPU: {}; taking it down\n",
                Plain(leftovers)
            );
            enabled.set_master();
            match take_down(dev, bar, chip, page) {
                Ok(()) => return Ok(true),
                Err(ENODEV) => return Err(ENODEV),
                Err(_) => dev_warn!(dev, "resetting the GPU, since that has failed\n"),
            }
        }
        Remedy::Reset => dev_warn!(
            dev,
            "somebody has left in the GPU: {}; resetting it\n",
            Plain(leftovers)
        ),
    }

    let reset = setup.reset_function();
    let dev = setup.device();
    let left = match reset {
        Ok(()) => {
            gfw::wait(dev, bar)?;
            find(dev, bar, chip)?
        }
        Err(ENODEV) => {
            dev_err!(
                dev,
                "GPU does not answer after its reset; power-cycle the machine\n"
            );
            return Err(ENODEV);
        }
        Err(_) => leftovers,
    };
    if left.remedy() == Remedy::None {
        return Ok(false);
    }
    if sysmem_flush::found(bar, chip) != leftovers.flush_page {
        sysmem_flush::put_back(bar, chip, leftovers.flush_page);
    }
    match reset {
        Ok(()) => dev_err!(
            dev,
            "GPU is in use all the same ({}): unbind who uses it, or power-cycle the machine\n",
            Plain(left)
        ),
        Err(err) => dev_err!(
            dev,
            "GPU cannot be reset ({:?}) and is in use ({}): unbind who uses it, or power-cycle the machine\n",
            err,
            Plain(left)
        ),
    }
    Err(EBUSY)
}

/// Looks for what somebody else has left. Changes nothing.
fn find(dev: &pci::Device<Bound>, bar: &Bar0<'_>, chip: Chip) -> Result<Leftovers> {
    let engines = Engines::new(dev, bar, chip.family());
    let wpr2 = fb::wpr2(dev, bar)?;
    let gsp = Gsp::decode(engines.gsp.is_riscv_active(), || engines.gsp.mailbox0());
    let sec2 = engines.sec2.cpuctl();
    if sec2 == u32::MAX && is_gone(dev, bar) {
        return Err(ENODEV);
    }
    Ok(Leftovers {
        wpr2,
        gsp,
        sec2_runs: falcon_runs(sec2),
        flush_page: sysmem_flush::found(bar, chip),
    })
}

/// Runs the programs that take protected memory down, and checks that it is gone. Leaves `page` known to the
/// GPU if so.
///
/// # Errors
///
/// Those of finding and running them, and `EBUSY` if that has not helped; after one log line each.
fn take_down(dev: &pci::Device<Bound>, bar: &Bar0<'_>, chip: Chip, page: &Page) -> Result {
    let files = Files::find(dev, chip)?;
    let programs = UnloadPrograms::prepare(dev, bar, chip, &files)?;
    let flush = SysmemFlush::new(dev, bar, page.clone())?;
    Engines::new(dev, bar, chip.family()).unload(&programs)?;
    match find(dev, bar, chip)?.remedy() {
        Remedy::None => {
            flush.leave();
            Ok(())
        }
        _ => Err(EBUSY),
    }
}
