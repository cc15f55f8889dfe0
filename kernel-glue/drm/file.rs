// SPDX-License-Identifier: GPL-2.0

//! Open files of a DRM device, and what a driver keeps for each.

use crate::{
    device::Device,
    driver::Driver,
    fdinfo::Printer, //
};
use core::{
    marker::PhantomData,
    pin::Pin, //
};
use kernel::{
    bindings,
    error::from_result,
    prelude::*,
    types::{
        ForeignOwnable,
        Opaque, //
    },
};
use kernel_glue::for_lt::ForLt;

/// What a driver keeps for each open file.
///
/// It is dropped when the file is closed and all its handles are gone, which may be long after the
/// driver was unbound; so it cannot borrow from the driver's data.
pub trait DriverFile<D: Driver>: Send + Sync + Sized + 'static {
    /// Makes it, while the file is being opened.
    ///
    /// # Errors
    ///
    /// Opening fails with the error of the initialiser.
    fn open(data: Pin<&<D::Data as ForLt>::Of<'_>>) -> impl PinInit<Self, Error>;

    /// Adds lines to the file's fdinfo, behind those that every driver has.
    ///
    /// The device is plugged during the call.
    fn fdinfo(self: Pin<&Self>, _out: &mut Printer<'_>) {}
}

/// For drivers that keep nothing.
impl<D: Driver> DriverFile<D> for () {
    fn open(_data: Pin<&<D::Data as ForLt>::Of<'_>>) -> impl PinInit<Self, Error> {
        Ok(())
    }
}

/// An open file of a device of driver `D`, for as long as somebody calls into the driver with it.
///
/// # Invariants
///
/// Opened by [`open`]: the device is one of `D`, and `driver_priv` is a `Pin<KBox<D::File>>`.
#[repr(transparent)]
pub struct File<D: Driver>(Opaque<bindings::drm_file>, PhantomData<D>);

impl<D: Driver> File<D> {
    /// # Safety
    ///
    /// `file` is open on a device of `D`, and stays so for `'a`.
    pub(crate) unsafe fn from_raw<'a>(file: *mut bindings::drm_file) -> &'a Self {
        // SAFETY: `File` is a transparent wrapper; the rest is as the caller promises.
        unsafe { &*file.cast() }
    }

    pub(crate) fn as_raw(&self) -> *mut bindings::drm_file {
        self.0.get()
    }

    /// The device that the file was opened on.
    pub fn device(&self) -> &Device<D> {
        // SAFETY: Both pointers are set before the driver sees the file and never changed; an open
        // file keeps its device. By the type invariant it is one of `D`.
        unsafe { Device::from_drm((*(*self.as_raw()).minor).dev) }
    }

    /// What the driver keeps for this file.
    pub fn data(&self) -> Pin<&D::File> {
        // SAFETY: By the type invariant this is what `open` put there; it is taken away when nobody
        // calls with the file any more.
        unsafe { Pin::<KBox<D::File>>::borrow((*self.as_raw()).driver_priv) }
    }
}

/// What the DRM core calls for a new file.
///
/// # Safety
///
/// `dev` is a device registered by this crate for `D`; `file` is a new file of it.
pub(crate) unsafe extern "C" fn open<D: Driver>(
    dev: *mut bindings::drm_device,
    file: *mut bindings::drm_file,
) -> c_int {
    from_result(|| {
        // SAFETY: As the caller promises. Nobody else knows the file yet.
        unsafe {
            let device = Device::<D>::from_drm(dev);
            let data =
                device.while_plugged(|data| KBox::pin_init(D::File::open(data), GFP_KERNEL))?;
            (*file).driver_priv = data.into_foreign();
        }
        Ok(0)
    })
}

/// What the DRM core calls when a file has no handles any more and is about to be freed.
///
/// # Safety
///
/// `file` was opened by [`open`] for `D`, and nobody uses it any more.
pub(crate) unsafe extern "C" fn close<D: Driver>(
    _dev: *mut bindings::drm_device,
    file: *mut bindings::drm_file,
) {
    // SAFETY: `open` put it there, and this is called once.
    drop(unsafe { Pin::<KBox<D::File>>::from_foreign((*file).driver_priv) });
}
