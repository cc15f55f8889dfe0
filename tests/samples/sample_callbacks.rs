// SPDX-License-Identifier: GPL-2.0

//! A PCI driver that survives sleep, resets and errors.
//!
//! The one idea: while the driver is bound, the PCI core and the power management call it by the rule of all
//! callbacks. Each gets the device and the private data, for `'bound`. So each may use the registers, and
//! none has to find out whether they are still there.

mod testdev;

use core::pin::Pin;
use kernel::{
    device::{
        Bound,
        Core, //
    },
    pci::{
        self,
        Device, //
    },
    prelude::*, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    compat::pci_device_table,
    pci::{
        restore,
        Bar,
        Callbacks,
        Channel,
        Driver,
        Enabled,
        ErsResult,
        Recovery,
        Reset,
        Setup,
        Sleep, //
    }, //
};
use testdev::Bar0;

/// A device that the driver is bound to.
struct Sample<'bound> {
    dev: &'bound Device<Bound>,
    bar: Bar0<'bound>,
    _enabled: Enabled<'bound>,
}

impl Sample<'_> {
    /// Knocks, and tells what happened.
    fn tell(&self, what: &str) {
        dev_info!(
            self.dev,
            "{}: counted {}\n",
            what,
            testdev::knock(&self.bar)
        );
    }

    /// Begins anew, because a reset has made the device forget what it was told.
    fn begin(&self, what: &str) -> Result {
        testdev::select(&self.bar)?;
        self.tell(what);
        Ok(())
    }
}

/// The driver.
struct SampleDriver;

pci_device_table!(PCI_TABLE, (), [(testdev::ID, ())]);

impl Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = Sample<'bound>;

    const ID_TABLE: pci::IdTable<()> = &PCI_TABLE;
    const CALLBACKS: Callbacks<Self> = Callbacks::NONE.sleep().reset().recovery();

    fn probe<'bound>(
        setup: Setup<'_, 'bound, '_>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Sample<'bound>> + 'bound> {
        let enabled = setup.enable()?;
        let bar = setup.map_bar(0, c"sample_callbacks")?;
        let sample = Sample {
            dev: setup.finish(),
            bar,
            _enabled: enabled,
        };
        sample.begin("probed")?;
        Ok(bound::value(sample))
    }
}

impl Sleep for SampleDriver {
    fn suspend<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) -> Result {
        data.tell("suspended");
        Ok(())
    }

    fn resume<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) -> Result {
        data.tell("resumed");
        Ok(())
    }
}

impl Reset for SampleDriver {
    fn prepare<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) {
        data.tell("about to be reset");
    }

    fn done<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) {
        if data.begin("has been reset").is_err() {
            dev_err!(data.dev, "did not come back\n");
        }
    }
}

impl Recovery for SampleDriver {
    fn error_detected<'bound>(
        _dev: &'bound Device<Core<'_>>,
        data: Pin<&Sample<'bound>>,
        channel: Channel,
    ) -> ErsResult {
        // Nobody knows what the device would answer, so it is not asked.
        dev_info!(data.dev, "an error, channel {:?}\n", channel);
        match channel {
            Channel::Normal => ErsResult::CanRecover,
            Channel::Frozen => ErsResult::NeedReset,
            Channel::PermanentFailure => ErsResult::Disconnect,
        }
    }

    fn mmio_enabled<'bound>(
        _dev: &'bound Device<Core<'_>>,
        data: Pin<&Sample<'bound>>,
    ) -> ErsResult {
        data.tell("can be reached");
        ErsResult::Recovered
    }

    fn slot_reset<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) -> ErsResult {
        match restore(dev).and_then(|()| data.begin("begins anew")) {
            Ok(()) => ErsResult::Recovered,
            Err(_) => ErsResult::Disconnect,
        }
    }

    fn resume<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&Sample<'bound>>) {
        data.tell("goes on");
    }
}

impl Drop for Sample<'_> {
    fn drop(&mut self) {
        self.tell("unbound");
    }
}

kernel::module_driver! { <T>, kernel_glue::pci::Adapter<T>, {
    type: SampleDriver,
    name: "sample_callbacks",
    authors: ["The Nova developers"],
    description: "A PCI driver with all callbacks, with kernel-glue",
    license: "GPL v2",
}}
