// SPDX-License-Identifier: GPL-2.0

//! What the PCI core and the power management ask of a driver between probe and unbind.
//!
//! By the rule of all callbacks here: each is given the device, locked, and the private data, borrowed for
//! `'bound`. Nothing has to be looked up or revoked, since the lock keeps the driver bound.
//!
//! A driver says in [`Driver::CALLBACKS`] which it has. It makes a difference: the PCI core resets a device
//! after an error only if the driver claims to survive that, and a device whose driver knows nothing of
//! sleeping is put to sleep without asking.
//!
//! # Runtime power management
//!
//! There is none. Its callbacks are not serialised by the device lock, so that private data may be borrowed
//! only while a usage count keeps the device awake; and the one who gives that count up would have to do so
//! after the driver core has stored the private data, where an adapter has no say.

use super::{
    as_raw,
    Driver, //
};
use core::{
    marker::PhantomData,
    pin::Pin, //
};
use kernel::{
    bindings,
    device::{
        Core,
        CoreInternal, //
    },
    error::to_result,
    pci::Device,
    prelude::*, //
};

/// What a driver does when the machine is put to sleep, or hibernates.
///
/// Both sleep; both run with the device locked.
pub trait Sleep: Driver {
    /// Makes the device quiet, for a sleep in which it may lose power, or before memory is written to disk.
    ///
    /// Its children are asleep, and nobody in user space runs. Configuration space is saved afterwards and
    /// the device is powered down, both by the PCI core.
    ///
    /// # Errors
    ///
    /// Any keeps the machine awake.
    fn suspend<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>) -> Result;

    /// Takes up work again: configuration space is as it was, and what else the device has lost is to be
    /// put back.
    ///
    /// # Errors
    ///
    /// Any is logged, and the machine goes on without the device.
    fn resume<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>) -> Result;
}

/// What a driver does when somebody resets its device: through sysfs, or before a virtual machine gets it.
///
/// A driver cannot prevent that. Both sleep; both run with the device locked. They do not run for
/// [`Setup::reset_function`](super::Setup::reset_function), when there are no private data yet.
pub trait Reset: Driver {
    /// Makes the device quiet.
    fn prepare<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>);

    /// Takes up work again. Configuration space is as it was before.
    fn done<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>);
}

/// What a driver does when the PCI core has been told of an error that could not be corrected.
///
/// All run in the thread that handles the error, may sleep, and have the device locked. The kernel's
/// `Documentation/PCI/pci-error-recovery.rst` tells the order.
pub trait Recovery: Driver {
    /// Stops using the device, and says how it can be saved, if it can.
    ///
    /// With a channel that is not [`Channel::Normal`], registers must not be expected to answer. The last
    /// call is with [`Channel::PermanentFailure`], if the device is given up; what it returns then does not
    /// matter.
    fn error_detected<'bound>(
        dev: &'bound Device<Core<'_>>,
        data: Pin<&Self::Data<'bound>>,
        channel: Channel,
    ) -> ErsResult;

    /// Looks at the device, whose registers can be accessed again; asked for if everybody behind the same
    /// port has said [`ErsResult::CanRecover`].
    fn mmio_enabled<'bound>(
        dev: &'bound Device<Core<'_>>,
        data: Pin<&Self::Data<'bound>>,
    ) -> ErsResult;

    /// Takes a device up that has been reset, and has lost everything; [`restore`] puts its configuration
    /// back. Asked for if somebody has said [`ErsResult::NeedReset`].
    fn slot_reset<'bound>(
        dev: &'bound Device<Core<'_>>,
        data: Pin<&Self::Data<'bound>>,
    ) -> ErsResult;

    /// Goes on: everybody behind the same port has [recovered](ErsResult::Recovered).
    fn resume<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Self::Data<'bound>>);
}

/// Whether a device can be reached after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// It can; one access has been lost.
    Normal,
    /// It cannot before a reset.
    Frozen,
    /// It cannot any more.
    PermanentFailure,
}

/// What a driver says of its device after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErsResult {
    /// It can perhaps be saved without a reset.
    CanRecover,
    /// It must be reset.
    NeedReset,
    /// It cannot be saved.
    Disconnect,
    /// It works.
    Recovered,
}

impl ErsResult {
    const fn raw(self) -> bindings::pci_ers_result_t {
        match self {
            Self::CanRecover => bindings::pci_ers_result_PCI_ERS_RESULT_CAN_RECOVER,
            Self::NeedReset => bindings::pci_ers_result_PCI_ERS_RESULT_NEED_RESET,
            Self::Disconnect => bindings::pci_ers_result_PCI_ERS_RESULT_DISCONNECT,
            Self::Recovered => bindings::pci_ers_result_PCI_ERS_RESULT_RECOVERED,
        }
    }
}

/// Puts back what a reset has taken from `dev`: its configuration as it was when the device was found, and
/// that it answers memory accesses. It does not master the bus;
/// [`Enabled::set_master`](super::Enabled::set_master) has it do so again.
///
/// # Errors
///
/// Those of `pci_reenable_device()`: it cannot be powered up, or has a BAR without an address.
pub fn restore(dev: &Device<Core<'_>>) -> Result {
    let pdev = as_raw(dev);
    // SAFETY: `pdev` is valid, and locked. BARs get the addresses at which they are mapped.
    to_result(unsafe {
        bindings::pci_restore_state(pdev);
        bindings::pci_reenable_device(pdev)
    })
}

/// A callback of the power management.
type SleepCallback = unsafe extern "C" fn(*mut bindings::device) -> c_int;

/// The callbacks that a driver has: `Callbacks::NONE.sleep().reset()`, for example.
pub struct Callbacks<T: Driver> {
    sleep: Option<bindings::dev_pm_ops>,
    errors: Option<bindings::pci_error_handlers>,
    _driver: PhantomData<fn() -> T>,
}

impl<T: Driver> Callbacks<T> {
    /// None.
    pub const NONE: Self = Self {
        sleep: None,
        errors: None,
        _driver: PhantomData,
    };

    /// And those of [`Sleep`].
    pub const fn sleep(self) -> Self
    where
        T: Sleep,
    {
        let suspend: Option<SleepCallback> = Some(suspend::<T>);
        let resume: Option<SleepCallback> = Some(resume::<T>);
        let sleep = bindings::dev_pm_ops {
            suspend,
            resume,
            freeze: suspend,
            thaw: resume,
            poweroff: suspend,
            restore: resume,
            ..pin_init::zeroed()
        };
        Self {
            sleep: Some(sleep),
            ..self
        }
    }

    /// And those of [`Reset`].
    pub const fn reset(self) -> Self
    where
        T: Reset,
    {
        let errors = bindings::pci_error_handlers {
            reset_prepare: Some(reset_prepare::<T>),
            reset_done: Some(reset_done::<T>),
            ..self.errors()
        };
        Self {
            errors: Some(errors),
            ..self
        }
    }

    /// And those of [`Recovery`].
    pub const fn recovery(self) -> Self
    where
        T: Recovery,
    {
        let errors = bindings::pci_error_handlers {
            error_detected: Some(error_detected::<T>),
            mmio_enabled: Some(mmio_enabled::<T>),
            slot_reset: Some(slot_reset::<T>),
            resume: Some(error_resume::<T>),
            ..self.errors()
        };
        Self {
            errors: Some(errors),
            ..self
        }
    }

    const fn errors(&self) -> bindings::pci_error_handlers {
        match self.errors {
            Some(errors) => errors,
            None => pin_init::zeroed(),
        }
    }
}

/// A place for the tables, which the PCI core reads for as long as the driver is registered.
struct Tables<T>(PhantomData<T>);

impl<T: Driver> Tables<T> {
    const CALLBACKS: &'static Callbacks<T> = &T::CALLBACKS;
}

/// Writes into `driver`, which is about to be registered, what the driver `T` has.
pub(super) fn set<T: Driver>(driver: &mut bindings::pci_driver) {
    driver.shutdown = Some(shutdown::<T>);
    if let Some(sleep) = &Tables::<T>::CALLBACKS.sleep {
        driver.driver.pm = sleep;
    }
    if let Some(errors) = &Tables::<T>::CALLBACKS.errors {
        driver.err_handler = errors;
    }
}

/// Calls `f` with the device and the private data of the driver; `None` if there are none, because the
/// driver is still probing.
///
/// # Safety
///
/// `pdev` points to a locked PCI device that is bound to the driver `T`, or being bound.
unsafe fn lend<T: Driver, R>(
    pdev: *mut bindings::pci_dev,
    f: impl for<'bound, 'a, 'core> FnOnce(&'bound Device<Core<'core>>, Pin<&'a T::Data<'bound>>) -> R,
) -> Option<R> {
    // SAFETY: By the promise of the caller. `Device` is a transparent wrapper, and this is a callback of
    // the bus.
    let dev = unsafe { &*pdev.cast::<Device<CoreInternal<'_>>>() };
    // SAFETY: `pdev` is valid.
    if unsafe { bindings::dev_get_drvdata(&raw mut (*pdev).dev) }.is_null() {
        return None;
    }
    // SAFETY: There are private data, which are what the adapter of the kernel crate made of
    // `Hidden<T>::probe`. They stay while the device is locked.
    let data = unsafe { dev.as_ref().drvdata_borrow::<T::Data<'_>>() };
    Some(f(dev, data))
}

/// Defines callbacks from C. Each lends device and private data to a method of the driver, and returns
/// what comes after `else` if there are no private data.
macro_rules! callbacks {
    ($(
        fn $name:ident<T: $trait:ident>($dev:ident: $c_dev:ident $(, $arg:ident: $arg_type:ty)?) -> $result:ty {
            $method:expr
        } else {
            $unbound:expr
        }
    )+) => {
        $(
            /// # Safety
            ///
            /// The argument is a locked PCI device that is bound to the driver `T`, or being bound.
            unsafe extern "C" fn $name<T: $trait>(
                $dev: *mut bindings::$c_dev $(, $arg: $arg_type)?
            ) -> $result {
                // SAFETY: By the promise of the caller.
                unsafe { lend::<T, _>(callbacks!($c_dev $dev), $method) }.unwrap_or($unbound)
            }
        )+
    };
    (pci_dev $dev:ident) => { $dev };
    // The `struct device` in a `struct pci_dev`.
    (device $dev:ident) => { kernel::container_of!($dev, bindings::pci_dev, dev) };
}

callbacks! {
    fn shutdown<T: Driver>(dev: pci_dev) -> () { T::shutdown } else { () }

    fn suspend<T: Sleep>(dev: device) -> c_int {
        |dev, data| errno(T::suspend(dev, data))
    } else { 0 }

    fn resume<T: Sleep>(dev: device) -> c_int {
        |dev, data| errno(T::resume(dev, data))
    } else { 0 }

    fn reset_prepare<T: Reset>(dev: pci_dev) -> () { T::prepare } else { () }

    fn reset_done<T: Reset>(dev: pci_dev) -> () { T::done } else { () }

    fn error_detected<T: Recovery>(
        dev: pci_dev, state: bindings::pci_channel_state_t
    ) -> bindings::pci_ers_result_t {
        |dev, data| T::error_detected(dev, data, channel(state)).raw()
    } else { bindings::pci_ers_result_PCI_ERS_RESULT_NONE }

    fn mmio_enabled<T: Recovery>(dev: pci_dev) -> bindings::pci_ers_result_t {
        |dev, data| T::mmio_enabled(dev, data).raw()
    } else { bindings::pci_ers_result_PCI_ERS_RESULT_NONE }

    fn slot_reset<T: Recovery>(dev: pci_dev) -> bindings::pci_ers_result_t {
        |dev, data| T::slot_reset(dev, data).raw()
    } else { bindings::pci_ers_result_PCI_ERS_RESULT_NONE }

    fn error_resume<T: Recovery>(dev: pci_dev) -> () { <T as Recovery>::resume } else { () }
}

fn errno(result: Result) -> c_int {
    result.err().map_or(0, Error::to_errno)
}

fn channel(state: bindings::pci_channel_state_t) -> Channel {
    match state {
        bindings::pci_channel_io_normal => Channel::Normal,
        bindings::pci_channel_io_frozen => Channel::Frozen,
        // There is no other; of what comes later the least is expected.
        _ => Channel::PermanentFailure,
    }
}
