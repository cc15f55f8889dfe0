// SPDX-License-Identifier: GPL-2.0

//! A platform driver with memory-mapped registers.
//!
//! The one idea: on another bus it is all the same. An `IoMem<'bound>` is to a platform device what a
//! `Bar<'bound>` is to a PCI device, and the private data are built by the same initialisers.
//!
//! The device is the high precision event timer, which firmware describes as `PNP0103` and most machines,
//! QEMU's too, have. The kernel uses it without being bound to it. So this driver maps the registers without
//! claiming them, and only reads.

use kernel::{
    acpi,
    device::{
        Bound,
        Core, //
    },
    io::{
        mem::IoMem,
        register,
        Io, //
    },
    platform,
    prelude::*, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    compat::acpi_device_table,
    platform::Driver, //
};

/// How much of the registers is used, in bytes.
const SIZE: usize = 0xf4;

// Source: IA-PC HPET specification 1.0a, 2.3.
register! {
    /// What the timer can do.
    CAPABILITIES(u32) @ 0x0 {
        /// PCI vendor id of who made it.
        31:16 vendor;
        /// Index of the last comparator.
        12:8 last;
    }

    /// How long a tick of the counter takes, in femtoseconds.
    PERIOD(u32) @ 0x4 {
        31:0 femtoseconds;
    }

    /// The low half of the counter.
    COUNTER(u32) @ 0xf0 {
        31:0 ticks;
    }
}

/// A timer that the driver is bound to.
struct Timer<'bound> {
    dev: &'bound platform::Device<Bound>,
    regs: IoMem<'bound, SIZE>,
    /// What the counter was at the beginning.
    start: u32,
}

/// The driver.
struct SampleDriver;

acpi_device_table!(ACPI_TABLE, (), [(acpi::DeviceId::new(c"PNP0103"), ())]);

impl Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = Timer<'bound>;

    const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&ACPI_TABLE);

    fn probe<'bound>(
        dev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Timer<'bound>> + 'bound> {
        let request = dev.io_request_by_index(0).ok_or(ENODEV)?;
        let regs = request.iomap_sized::<SIZE>()?;

        let capabilities = regs.read(CAPABILITIES);
        dev_info!(
            dev,
            "probed: vendor {:#06x}, {} comparators, {} fs a tick\n",
            capabilities.vendor(),
            capabilities.last().get() + 1,
            regs.read(PERIOD).into_raw()
        );
        let start = regs.read(COUNTER).into_raw();
        Ok(bound::value(Timer { dev, regs, start }))
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let now = self.regs.read(COUNTER).into_raw();
        let ticks = now.wrapping_sub(self.start);
        dev_info!(self.dev, "unbound: {ticks} ticks later\n");
    }
}

kernel::module_driver! { <T>, kernel_glue::platform::Adapter<T>, {
    type: SampleDriver,
    name: "sample_platform",
    authors: ["The Nova developers"],
    description: "A platform driver with kernel-glue",
    license: "GPL v2",
}}
