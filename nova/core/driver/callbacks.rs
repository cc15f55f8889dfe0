// SPDX-License-Identifier: GPL-2.0

//! What happens to a GPU that the driver is bound to: sleep, resets, errors on PCI Express.
//!
//! Nothing here brings GSP-RM back. What it has in video memory is lost with power and in a reset, and so is
//! whatever a client was doing. So the machine does not sleep, a GPU that was reset is not used until the
//! driver is bound anew, and an error is survived only if it has not hurt the GPU.

use super::{
    Nova,
    NovaCore, //
};
use core::pin::Pin;
use kernel::{
    device::Core,
    pci::Device,
    prelude::*, //
};
use kernel_glue::pci::{
    cut_off,
    restore,
    Channel,
    ErsResult,
    Recovery,
    Reset,
    Sleep, //
};

impl Sleep for Nova {
    /// Refused. A GPU that sleeps loses its video memory, and the driver would only find out by calls that
    /// nobody answers.
    fn suspend<'bound>(dev: &'bound Device<Core<'_>>, _data: Pin<&NovaCore<'bound>>) -> Result {
        dev_err!(
            dev,
            "cannot sleep: GSP-RM could not be started again afterwards; unbind the driver before\n"
        );
        Err(EBUSY)
    }

    fn resume<'bound>(_dev: &'bound Device<Core<'_>>, _data: Pin<&NovaCore<'bound>>) -> Result {
        Ok(())
    }
}

impl Reset for Nova {
    fn prepare<'bound>(_dev: &'bound Device<Core<'_>>, data: Pin<&NovaCore<'bound>>) {
        data.gpu().shut_down();
    }

    fn done<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&NovaCore<'bound>>) {
        data.gpu().forget_what_runs();
        dev_warn!(
            dev,
            "the GPU has been reset; unbind the driver and bind it again to use it\n"
        );
    }
}

impl Recovery for Nova {
    fn error_detected<'bound>(
        dev: &'bound Device<Core<'_>>,
        data: Pin<&NovaCore<'bound>>,
        channel: Channel,
    ) -> ErsResult {
        match channel {
            Channel::Normal => ErsResult::CanRecover,
            Channel::Frozen => {
                let gpu = data.gpu();
                gpu.give_up("an error on PCI Express has cut the GPU off");
                // Who unbinds the driver now must not wait for the GPU, nor leave it to write to memory.
                cut_off(dev);
                gpu.forget_what_runs();
                ErsResult::NeedReset
            }
            // The reset that was asked for has failed, or has been done for nobody.
            Channel::PermanentFailure if data.gpu().is_dead() => data.end(dev),
            // It is somebody else behind the same port that cannot be saved.
            Channel::PermanentFailure => data.look(),
        }
    }

    fn mmio_enabled<'bound>(
        _dev: &'bound Device<Core<'_>>,
        data: Pin<&NovaCore<'bound>>,
    ) -> ErsResult {
        data.look()
    }

    /// This binding is over: what ran in the GPU does not run any more.
    fn slot_reset<'bound>(
        dev: &'bound Device<Core<'_>>,
        data: Pin<&NovaCore<'bound>>,
    ) -> ErsResult {
        data.gpu()
            .give_up("the GPU has been reset after an error on PCI Express");
        data.end(dev)
    }

    fn resume<'bound>(_dev: &'bound Device<Core<'_>>, _data: Pin<&NovaCore<'bound>>) {}
}

impl NovaCore<'_> {
    /// Looks whether an error has left anything of the GPU.
    fn look(&self) -> ErsResult {
        let gpu = self.gpu();
        if gpu.answers() {
            return ErsResult::Recovered;
        }
        gpu.give_up("the GPU does not answer after an error on PCI Express");
        ErsResult::Disconnect
    }

    /// Makes the GPU ready for the next probe, which will reset it if that has not been done.
    fn end(&self, dev: &Device<Core<'_>>) -> ErsResult {
        if let Err(err) = restore(dev) {
            dev_err!(
                dev,
                "cannot be configured after its reset ({:?}); remove the device and rescan the bus\n",
                err
            );
        }
        // The configuration that was put back may say that it masters the bus.
        cut_off(dev);
        self.gpu().forget_what_runs();
        ErsResult::Disconnect
    }
}
