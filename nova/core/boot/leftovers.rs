// SPDX-License-Identifier: GPL-2.0

//! A GPU that somebody else has left as no driver can boot it, and what is done about it.
//!
//! Everything here happens before the device is driven: a GSP that still runs must not get at system
//! memory, so the device must not master the bus until it is known that none does.

use super::Method;
use crate::{
    driver::Bar0,
    fb::sysmem_flush::{
        self,
        Page, //
    },
    gfw, //
};
use kernel::prelude::*;
use kernel_glue::{
    fmt::Plain,
    pci::{
        Enabled,
        Setup, //
    },
};
use nova_hw::{
    chip::Chip,
    leftovers::Remedy, //
};

/// Makes the GPU one that can be booted, if it is not.
///
/// `page` may be made known to it, if that is needed to take down what somebody else has booted. Tells
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
    method: &dyn Method,
    chip: Chip,
    page: &Page,
) -> Result<bool> {
    let dev = setup.device();
    let leftovers = method.find_leftovers(dev, bar, chip)?;
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
        Remedy::TakeDown => {
            dev_warn!(
                dev,
                "somebody has left in the GPU: {}; taking it down\n",
                Plain(leftovers)
            );
            match method.take_leftovers_down(dev, enabled, bar, chip, page) {
                Ok(page_known) => return Ok(page_known),
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
            if chip.family().uses_gfw_boot {
                gfw::wait(dev, bar)?;
            }
            method.find_leftovers(dev, bar, chip)?
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
    if reset.is_ok() && !left.is_in_use() {
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
