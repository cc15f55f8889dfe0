// SPDX-License-Identifier: GPL-2.0

//! The smallest PCI driver.
//!
//! The one idea: `'bound` is the time for which the driver is bound, and what may only be used for that
//! long has it in its type. No reference is counted, and no access can fail because the device has gone.

mod testdev;

use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    compat::pci_device_table,
    pci::{
        Bar,
        Driver,
        Enabled,
        Setup, //
    }, //
};
use testdev::Bar0;

/// A device that the driver is bound to. Dropped top to bottom: the BAR is unmapped, then the device is
/// disabled.
struct Sample<'bound> {
    dev: &'bound pci::Device<Bound>,
    bar: Bar0<'bound>,
    _enabled: Enabled<'bound>,
}

/// The driver.
struct SampleDriver;

pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = Sample<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;

    fn probe<'bound>(
        setup: Setup<'_, 'bound, '_>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Sample<'bound>> + 'bound> {
        let enabled = setup.enable()?;
        let bar = setup.map_bar(0, c"sample_pci")?;
        testdev::select(&bar)?;

        let dev: &'bound pci::Device<Bound> = setup.finish();
        dev_info!(dev, "probed: counted {}\n", testdev::knock(&bar));
        Ok(bound::value(Sample {
            dev,
            bar,
            _enabled: enabled,
        }))
    }
}

impl Drop for Sample<'_> {
    fn drop(&mut self) {
        // What the private data hold is dropped after this, so the device still answers.
        dev_info!(self.dev, "unbound: counted {}\n", testdev::knock(&self.bar));
    }
}

kernel::module_driver! { <T>, kernel_glue::pci::Adapter<T>, {
    type: SampleDriver,
    name: "sample_pci",
    authors: ["The Nova developers"],
    description: "The smallest PCI driver with kernel-glue",
    license: "GPL v2",
}}
