// SPDX-License-Identifier: GPL-2.0

//! The reference-counted part of a DRM device, which open files keep after unbinding.

use crate::driver::Driver;
use core::{
    cell::UnsafeCell,
    mem::offset_of,
    pin::Pin, //
};
use kernel::{
    bindings,
    prelude::*,
    types::Opaque, //
};
use kernel_glue::for_lt::ForLt;

/// A DRM device of driver `D`, plugged or not.
///
/// # Invariants
///
/// - `drm` is an initialised device, made for `D` by a [`Registration`](crate::registration::Registration).
/// - `data` points to the data of the registration from before the device is registered until after
///   `drm_dev_unplug()` has returned, and is null afterwards.
#[repr(C)]
pub struct Device<D: Driver> {
    drm: Opaque<bindings::drm_device>,
    pub(crate) data: UnsafeCell<*const <D::Data as ForLt>::Of<'static>>,
}

impl<D: Driver> Device<D> {
    /// Where the C structure lies, for whoever allocates both.
    pub(crate) const DRM_OFFSET: usize = offset_of!(Self, drm);

    /// # Safety
    ///
    /// `drm` is the device of a registration for `D`, and stays allocated for `'a`.
    pub(crate) unsafe fn from_drm<'a>(drm: *mut bindings::drm_device) -> &'a Self {
        const { assert!(Self::DRM_OFFSET == 0) };
        // SAFETY: The device was allocated as the first field of a `Device<D>`.
        unsafe { &*drm.cast() }
    }

    pub(crate) fn as_raw(&self) -> *mut bindings::drm_device {
        self.drm.get()
    }

    /// Calls `f` with the registration's data while the device cannot be unplugged.
    ///
    /// # Errors
    ///
    /// `ENODEV` if it has been unplugged, and those of `f`.
    pub(crate) fn while_plugged<R>(
        &self,
        f: impl for<'r, 'a> FnOnce(Pin<&'r <D::Data as ForLt>::Of<'a>>) -> Result<R>,
    ) -> Result<R> {
        // SAFETY: By the type invariant the device is valid, and the borrow keeps it so. `data` is written only
        // before the device is registered and after unplugging it, which waits for `_plugged`; by the type
        // invariant it points to live, pinned data. Its real lifetime is no shorter than this section, and
        // `f` works for any.
        unsafe {
            let _plugged = Plugged::enter(self.as_raw())?;
            f(Pin::new_unchecked(&*(*self.data.get()).cast()))
        }
    }
}

/// While this exists, no device is unplugged: `drm_dev_unplug()` waits for it.
///
/// Only for the length of a call, since whoever unplugs a device while holding this waits for itself.
pub(crate) struct Plugged(c_int);

impl Plugged {
    /// # Errors
    ///
    /// `ENODEV` if the device has been unplugged.
    ///
    /// # Safety
    ///
    /// `drm` is a valid device.
    pub(crate) unsafe fn enter(drm: *mut bindings::drm_device) -> Result<Self> {
        let mut index = 0;
        // SAFETY: As the caller promises.
        match unsafe { bindings::drm_dev_enter(drm, &mut index) } {
            true => Ok(Self(index)),
            false => Err(ENODEV),
        }
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        // SAFETY: Ends the section that `enter` began.
        unsafe { bindings::drm_dev_exit(self.0) }
    }
}
