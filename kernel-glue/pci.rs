// SPDX-License-Identifier: GPL-2.0

//! A PCI driver whose private data is built by a [`BoundInit`].

use crate::bound::{
    self,
    BoundInit, //
};
use kernel::{
    bindings,
    device::{
        Bound,
        Core, //
    },
    dma::{
        Device as _,
        DmaMask, //
    },
    error::to_result,
    pci::{
        Device,
        IdTable, //
    },
    prelude::*, //
};

/// A PCI driver; see [`kernel::pci::Driver`] for what is not said here.
pub trait Driver {
    /// What the id table says of each id.
    type IdInfo: 'static;

    /// The driver's private data. It may borrow from the device for as long as the driver is bound.
    type Data<'bound>: Send + 'bound;

    /// The devices this driver matches.
    const ID_TABLE: IdTable<Self::IdInfo>;

    /// Decides whether to drive `dev`, and says how to build the private data.
    ///
    /// This runs in two steps. The body comes first: nothing of this driver is visible to anyone yet,
    /// and only here `setup` can be used. The initialiser that it returns is run afterwards, and may
    /// publish what others can reach.
    ///
    /// Sleeps; runs with the device locked.
    ///
    /// # Errors
    ///
    /// `ENODEV` for a device that this driver does not want; the driver core stays quiet then.
    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        setup: Setup<'_, '_>,
        info: Option<&'bound Self::IdInfo>,
    ) -> Result<impl BoundInit<Self::Data<'bound>> + 'bound>;
}

/// Makes a [`kernel::pci::Driver`] of a [`Driver`]; give it to `module_pci_driver!`.
pub struct Adapter<T: Driver>(T);

impl<T: Driver> kernel::pci::Driver for Adapter<T> {
    type IdInfo = T::IdInfo;
    type Data<'bound> = T::Data<'bound>;

    const ID_TABLE: IdTable<Self::IdInfo> = T::ID_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let init = T::probe(dev, Setup(dev), info)?;
            // SAFETY: The PCI adapter of the kernel crate runs this initialiser straight into the
            // private data of `dev`, which the driver core drops at unbind, while `'bound` lasts.
            Ok(unsafe { bound::as_pin_init(init) })
        })
    }
}

/// What may be changed on a device only before anything of its driver is published.
///
/// An adapter makes it for the body of [`Driver::probe`]; it cannot be kept for longer.
pub struct Setup<'a, 'core>(&'a Device<Core<'core>>);

impl Setup<'_, '_> {
    /// Sets the streaming and the coherent DMA mask.
    ///
    /// # Errors
    ///
    /// `EIO` if the platform cannot reach the device with this mask.
    pub fn dma_set_mask_and_coherent(&self, mask: DmaMask) -> Result {
        // SAFETY: The driver core runs one probe of a device at a time, and before the initialiser
        // returned by `Driver::probe` is run no child, interrupt handler or work item of this driver
        // exists that could map memory concurrently.
        unsafe { self.0.dma_set_mask_and_coherent(mask) }
    }
}

/// A device that answers memory accesses, for as long as this value lives.
///
/// Dropping it stops the device from mastering the bus and puts the command register back to what it
/// was before, so that a device which no driver wants is left as it was found.
///
/// Declare it after every BAR that is mapped while it lives.
pub struct Enabled<'a> {
    dev: &'a Device<Bound>,
    command: u16,
}

impl<'a> Enabled<'a> {
    /// Enables memory decoding. Bus mastering stays off until [`set_master`](Self::set_master).
    ///
    /// # Errors
    ///
    /// Those of `pci_enable_device_mem()`: the device cannot be powered up, or has a BAR without an
    /// address.
    pub fn new(dev: &'a Device<Core<'_>>) -> Result<Self> {
        let mut command = 0;
        // SAFETY: `dev` is a valid PCI device, and `command` a place for one word.
        to_result(unsafe { bindings::pci_read_config_word(as_raw(dev), COMMAND, &mut command) })?;
        dev.enable_device_mem()?;
        Ok(Self { dev, command })
    }

    /// Lets the device read and write system memory, and raise message-signalled interrupts.
    pub fn set_master(&self) {
        // SAFETY: `self.dev` is a valid PCI device.
        unsafe { bindings::pci_set_master(as_raw(self.dev)) }
    }
}

/// Offset of the command register in configuration space.
const COMMAND: c_int = bindings::PCI_COMMAND as c_int;

impl Drop for Enabled<'_> {
    fn drop(&mut self) {
        // SAFETY: `self.dev` is a valid PCI device, enabled once by `new`.
        unsafe {
            bindings::pci_disable_device(as_raw(self.dev));
            // A device that has gone does not take this; nothing is lost then.
            bindings::pci_write_config_word(as_raw(self.dev), COMMAND, self.command);
        }
    }
}

/// Tells whether `dev` is a virtual function of another device.
pub fn is_virtual_function(dev: &Device) -> bool {
    // SAFETY: `dev` is a valid PCI device; the bit is set before the device is added and never
    // changes.
    unsafe { (*as_raw(dev)).is_virtfn() != 0 }
}

fn as_raw<Ctx: kernel::device::DeviceContext>(dev: &Device<Ctx>) -> *mut bindings::pci_dev {
    // CAST: `Device` is a transparent wrapper of an `Opaque<pci_dev>`.
    core::ptr::from_ref(dev)
        .cast::<bindings::pci_dev>()
        .cast_mut()
}
