// SPDX-License-Identifier: GPL-2.0

//! Finding out which chip it is, without touching anything that an unknown chip may not have.

use crate::driver::Bar0;
use kernel::{
    device::Bound,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*, //
};
use kernel_glue::fmt::Plain;
use nova_hw::chip::{
    self,
    Identity,
    Refusal, //
};

register! {
    /// Identification that every NVIDIA chip has. Decoded by [`chip::check_boot0`].
    pub(crate) NV_PMC_BOOT_0(u32) @ 0x00000000 {
        31:0 raw;
    }

    /// How the device is virtualised.
    NV_PMC_BOOT_1(u32) @ 0x00000004 {
        /// 0 for a real GPU, 1 for a para-virtual one, 2 for a virtual function.
        17:16 virtualization;
    }

    /// Identification of chips from Fermi on. Decoded by [`chip::identify`].
    NV_PMC_BOOT_42(u32) @ 0x00000a00 {
        31:0 raw;
    }
}

/// Reads which chip `bar` belongs to.
///
/// # Errors
///
/// `ENODEV` if the driver does not drive it, after one log line (none for chips before Fermi, which
/// share nothing with those that this driver is for).
pub(crate) fn identify(dev: &pci::Device<Bound>, bar: &Bar0<'_>) -> Result<Identity> {
    let identity = read_identity(bar).map_err(|refusal| {
        if !refusal.is_silent() {
            dev_err!(dev, "{}\n", Plain(refusal));
        }
        ENODEV
    })?;

    // A virtual function that was handed to a guest does not look like one on the guest's bus.
    let boot1 = bar.read(NV_PMC_BOOT_1);
    match boot1.virtualization().get() {
        0 => Ok(identity),
        _ if boot1.into_raw() == u32::MAX && is_gone(dev, bar) => Err(ENODEV),
        kind => {
            dev_err!(
                dev,
                "virtual GPU (BOOT_1 virtualization {}): nova_core drives physical GPUs only\n",
                kind
            );
            Err(ENODEV)
        }
    }
}

/// Tells, without a log line, whether the device is still there.
pub(crate) fn answers(bar: &Bar0<'_>) -> bool {
    bar.read(NV_PMC_BOOT_0).into_raw() != u32::MAX
}

/// Tells, with one log line, whether the device has gone. For who has read something that makes no sense.
///
/// `NV_PMC_BOOT_0` reads all ones only then.
pub(crate) fn is_gone(dev: &pci::Device<Bound>, bar: &Bar0<'_>) -> bool {
    let gone = !answers(bar);
    if gone {
        dev_err!(dev, "device has gone (reads all ones)\n");
    }
    gone
}

fn read_identity(bar: &Bar0<'_>) -> Result<Identity, Refusal> {
    chip::check_boot0(bar.read(NV_PMC_BOOT_0).into_raw())?;
    chip::identify(bar.read(NV_PMC_BOOT_42).into_raw())
}
