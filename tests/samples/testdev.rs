// SPDX-License-Identifier: GPL-2.0

//! QEMU's `pci-testdev`: a PCI device that counts how often somebody knocks.
//!
//! The samples drive it because every QEMU has it (`-device pci-testdev`) and nobody else does. What is here
//! is about the device; what is about drivers is in the samples.

// The kernel crate's, or the one that kernel-glue has of it; as the sample says.
use crate::Bar;
use kernel::{
    io::{
        register,
        Io, //
    },
    pci::{
        self,
        DeviceId, //
    },
    prelude::*, //
};

/// Where test 0 wants to be knocked at, in bytes from the beginning of BAR0.
const DOOR_AT: u32 = 0x800;

/// How much of BAR0 is used, in bytes.
pub(crate) const BAR0_SIZE: usize = 0x801;

/// The registers, while the driver is bound.
pub(crate) type Bar0<'bound> = Bar<'bound, BAR0_SIZE>;

/// Which PCI device it is.
pub(crate) const ID: DeviceId = DeviceId::from_id(pci::Vendor::REDHAT, 0x5);

// Source: QEMU, `docs/specs/pci-testdev.rst`.
register! {
    /// Chooses one of the device's tests and begins to count anew.
    TEST(u8) @ 0x0 {
        /// 0 is the test that counts without telling anybody.
        7:0 index;
    }

    /// Where to knock, in bytes from the beginning of the BAR.
    OFFSET(u32) @ 0x4 {
        31:0 offset;
    }

    /// What to write there. Anything else is not counted.
    DATA(u8) @ 0x8 {
        7:0 data;
    }

    /// How often somebody knocked.
    COUNT(u32) @ 0xc {
        31:0 count;
    }

    /// Where to knock in test 0.
    DOOR(u8) @ 0x800 {
        7:0 data;
    }
}

/// Lets the device count from 0.
///
/// # Errors
///
/// `ENODEV` if it wants to be knocked at elsewhere than the QEMU that this was written for.
pub(crate) fn select(bar: &Bar0<'_>) -> Result {
    bar.write_reg(TEST::zeroed().with_index(0u8));
    if bar.read(OFFSET).into_raw() != DOOR_AT {
        return Err(ENODEV);
    }
    Ok(())
}

/// Knocks once, and returns how often somebody has.
pub(crate) fn knock(bar: &Bar0<'_>) -> u32 {
    bar.write_reg(DOOR::from_raw(bar.read(DATA).into_raw()));
    count(bar)
}

/// Returns how often somebody has knocked.
pub(crate) fn count(bar: &Bar0<'_>) -> u32 {
    bar.read(COUNT).into_raw()
}
