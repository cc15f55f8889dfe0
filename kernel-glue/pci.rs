// SPDX-License-Identifier: GPL-2.0

//! A PCI driver whose private data is built by a [`BoundInit`].

mod bar;
mod callbacks;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

pub use bar::Bar;
pub use callbacks::{
    restore,
    Callbacks,
    Channel,
    ErsResult,
    Recovery,
    Reset,
    Sleep, //
};

use crate::{
    adapter::register_hidden,
    bound::{
        self,
        BoundInit, //
    },
    compat::{
        self,
        pci::Info, //
    },
    devres::DevresLt,
    for_lt::{
        CovariantForLt,
        ForLt, //
    },
};
use core::marker::PhantomData;
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
        self,
        Device,
        IdTable, //
    },
    prelude::*, //
};

/// A PCI driver; see [`kernel::pci::Driver`] for what is not said here.
pub trait Driver: Sized + 'static {
    /// What the id table says of each id.
    type IdInfo: 'static;

    /// The driver's private data. It may borrow from the device for as long as the driver is bound.
    type Data<'bound>: Send + 'bound;

    /// The devices this driver matches.
    const ID_TABLE: IdTable<Self::IdInfo>;

    /// Which of the callbacks in [`Sleep`], [`Reset`] and [`Recovery`] the driver has.
    const CALLBACKS: Callbacks<Self> = Callbacks::NONE;

    /// Decides whether to drive `dev`, and says how to build the private data.
    ///
    /// This runs in two steps. The body comes first, while nothing of this driver is visible to anyone.
    /// The initialiser that it returns is run afterwards, and may publish what others can reach.
    ///
    /// Sleeps; runs with the device locked.
    ///
    /// # Errors
    ///
    /// `ENODEV` for a device that this driver does not want; the driver core stays quiet then.
    fn probe<'bound>(
        setup: Setup<'_, 'bound, '_>,
        info: Option<&'bound Self::IdInfo>,
    ) -> Result<impl BoundInit<Self::Data<'bound>> + 'bound>;

    /// Makes the device quiet, because the machine is about to stop or to start another kernel.
    ///
    /// The private data stays: children, interrupts and whatever else it registered go on and may still
    /// call into the driver. The device should be left as after unbinding, so that the next kernel can
    /// drive it.
    ///
    /// Sleeps; runs with the device locked, after the same was done for its children.
    fn shutdown<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>) {
        let _ = (dev, data);
    }
}

/// Registers a [`Driver`]; give it to `module_driver!` or [`kernel::driver::Registration`].
///
/// It is deliberately no [`kernel::pci::Driver`]: that has a safe `probe`, by which anybody could get
/// the private data as a value and forget it.
pub struct Adapter<T: Driver>(T);

/// The [`kernel::pci::Driver`] that nobody outside can name.
struct Hidden<T: Driver>(T);

register_hidden!(pci, pci_driver, callbacks::set::<T>);

impl<T: Driver> pci::Driver for Hidden<T> {
    type IdInfo = T::IdInfo;
    type Data<'bound> = T::Data<'bound>;

    const ID_TABLE: IdTable<Self::IdInfo> = T::ID_TABLE;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: Info<'bound, Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pin_init::pin_init_scope(move || {
            let setup = Setup {
                dev,
                _bound: PhantomData,
                _probe: PhantomData,
            };
            let info = compat::pci::info(dev, T::ID_TABLE, info);
            let init = T::probe(setup, info)?;
            // SAFETY: The PCI adapter of the kernel crate runs this initialiser straight into the
            // private data of `dev`, which the driver core drops at unbind, while `'bound` lasts.
            Ok(unsafe { bound::as_pin_init(init) })
        })
    }
}

/// A device that is being set up: nobody but the probe that holds this knows that it is being driven.
///
/// While it exists, the device is lent for moments only, so that nothing can be registered on it that
/// would run at the same time as [`dma_set_mask_and_coherent`](Self::dma_set_mask_and_coherent).
/// [`finish`](Self::finish) ends the set-up and gives the device for as long as it is bound.
///
/// `'probe` is the body of [`Driver::probe`]. It keeps the set-up out of the initialiser, which must live
/// for `'bound` and runs when others may know of the device.
pub struct Setup<'probe, 'bound, 'core> {
    dev: &'bound Device<Core<'core>>,
    // Were `'bound` shortened, `share` would take what lives shorter than the binding.
    _bound: PhantomData<fn(&'bound ()) -> &'bound ()>,
    _probe: PhantomData<&'probe ()>,
}

impl<'bound, 'core> Setup<'_, 'bound, 'core> {
    /// Lends the device.
    pub fn device(&self) -> &Device<Core<'core>> {
        self.dev
    }

    /// Enables memory decoding for as long as the returned value lives.
    ///
    /// # Errors
    ///
    /// Those of [`Enabled::new`].
    pub fn enable(&self) -> Result<Enabled<'bound>> {
        Enabled::new(self.dev)
    }

    /// Maps a BAR, as [`Device::iomap_region_sized`] does.
    ///
    /// # Errors
    ///
    /// `EBUSY` if another driver holds it, `ENOMEM` if it is absent or cannot be mapped, `EINVAL` if it
    /// is shorter than `SIZE`.
    pub fn map_bar<const SIZE: usize>(
        &self,
        index: u32,
        name: &'static CStr,
    ) -> Result<Bar<'bound, SIZE>> {
        Bar::map(self.dev, index, name)
    }

    /// Shares what `data` builds with those who may outlive the binding, until the device is unbound.
    ///
    /// It is dropped after the private data of the driver, and before what was shared earlier.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and those of `data`.
    pub fn share<F: ForLt>(&self, data: impl PinInit<F::Of<'bound>, Error>) -> Result<DevresLt<F>>
    where
        for<'a> F::Of<'a>: Send,
    {
        // SAFETY: What lives for `'bound`, which the driver can neither choose nor shorten, is valid until
        // the device is unbound: the private data of the driver cannot be borrowed for so long, and what
        // was shared earlier is dropped later.
        unsafe { DevresLt::share(self.dev.as_ref(), data) }
    }

    /// Returns what is shared, for as long as the handle is borrowed. Unlike the device, it may be used while
    /// the set-up goes on.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it was shared by another device.
    pub fn access<'a, F: CovariantForLt>(&self, shared: &'a DevresLt<F>) -> Result<&'a F::Of<'a>>
    where
        'bound: 'a,
        for<'b> F::Of<'b>: Send,
    {
        let dev: &'a Device<Bound> = self.dev;
        shared.access(dev.as_ref())
    }

    /// Sets the streaming and the coherent DMA mask.
    ///
    /// # Errors
    ///
    /// `EIO` if the platform cannot reach the device with this mask.
    pub fn dma_set_mask_and_coherent(&mut self, mask: DmaMask) -> Result {
        // SAFETY: The driver core runs one probe of a device at a time. Whatever could map memory for
        // the device meanwhile would have to borrow it, which the exclusive borrow of `self` excludes.
        unsafe { self.dev.dma_set_mask_and_coherent(mask) }
    }

    /// Resets the device, and nothing but it, by whatever means it has: a function-level reset if it can.
    ///
    /// Its configuration is saved before and put back afterwards, so BARs that are mapped stay valid; what
    /// is read from them during the reset is all ones. Everything else about the device is as after
    /// power-on. Sleeps, for 0.1 s at least; the PCI core logs that it happens, unless the driver has
    /// [`Reset`], whose callbacks do not run now.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the device does not answer (any more), `ENOTTY` if it cannot be reset without others
    /// or did not come back within a minute, and those of the means, for example `ETIMEDOUT`. The device
    /// may have been reset all the same.
    pub fn reset_function(&mut self) -> Result {
        let pdev = as_raw(self.dev);
        // SAFETY: `pdev` is valid, and locked during probe.
        let reset = to_result(unsafe { bindings::pci_reset_function_locked(pdev) });
        // SAFETY: As above.
        if unsafe { bindings::pci_device_is_present(pdev) } {
            reset
        } else {
            Err(ENODEV)
        }
    }

    /// Ends the set-up.
    pub fn finish(self) -> &'bound Device<Core<'core>> {
        self.dev
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
    /// `ENODEV` if the device has gone, and those of `pci_enable_device_mem()`: it cannot be powered up,
    /// or has a BAR without an address.
    fn new(dev: &'a Device<Core<'_>>) -> Result<Self> {
        let mut command = 0;
        // SAFETY: `dev` is a valid PCI device, and `command` a place for one word.
        to_result(unsafe { bindings::pci_read_config_word(as_raw(dev), COMMAND, &mut command) })?;
        // Failing reads are not always reported, and nobody could put such a value back.
        if command == u16::MAX {
            return Err(ENODEV);
        }
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

/// Stops `dev` from reading and writing system memory, and waits for what it has begun.
///
/// For a device that does not stop by itself: memory that it was told of may be freed afterwards. It raises
/// no message-signalled interrupts any more either. [`Enabled::set_master`] takes it back.
///
/// Sleeps.
pub fn cut_off(dev: &Device<Bound>) {
    // SAFETY: `dev` is a valid PCI device.
    unsafe {
        bindings::pci_clear_master(as_raw(dev));
        // What is not over after a second will never be.
        bindings::pci_wait_for_pending_transaction(as_raw(dev));
    }
}

/// Tells whether `dev` is a virtual function of another device.
pub fn is_virtual_function(dev: &Device) -> bool {
    // SAFETY: `dev` is a valid PCI device; the bit is set before the device is added and never
    // changes.
    unsafe { (*as_raw(dev)).is_virtfn() != 0 }
}

pub(crate) fn as_raw<Ctx: kernel::device::DeviceContext>(
    dev: &Device<Ctx>,
) -> *mut bindings::pci_dev {
    // CAST: `Device` is a transparent wrapper of an `Opaque<pci_dev>`.
    core::ptr::from_ref(dev)
        .cast::<bindings::pci_dev>()
        .cast_mut()
}
