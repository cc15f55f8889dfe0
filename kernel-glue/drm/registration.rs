// SPDX-License-Identifier: GPL-2.0

//! A DRM device that exists for as long as a driver is bound.

use crate::{
    driver::{
        Driver,
        Tables, //
    },
    layout,
};
use core::{
    cell::UnsafeCell,
    marker::{
        PhantomData,
        PhantomPinned, //
    },
    mem::offset_of,
    pin::Pin,
    ptr::{
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    compat::pin_init::raw_try_init,
    for_lt::ForLt, //
};

/// The reference-counted part of a DRM device, which open files keep alive after unbinding.
///
/// # Invariants
///
/// `data` points to the data of the [`Registration`] from before the device is registered until after
/// `drm_dev_unplug()` has returned, and is null afterwards.
#[repr(C)]
pub(crate) struct Node<D: Driver> {
    drm: bindings::drm_device,
    data: UnsafeCell<*const <D::Data as ForLt>::Of<'static>>,
}

impl<D: Driver> Node<D> {
    /// # Safety
    ///
    /// `drm` is the device of a [`Registration`] for `D`, and stays allocated for `'a`.
    pub(crate) unsafe fn from_drm<'a>(drm: *mut bindings::drm_device) -> &'a Self {
        const { assert!(offset_of!(Self, drm) == 0) };
        // SAFETY: The device was allocated as the first field of a `Node<D>`.
        unsafe { &*drm.cast() }
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
        let drm = core::ptr::from_ref(&self.drm).cast_mut();
        let mut index = 0;

        // SAFETY: `drm` is a valid device.
        if !unsafe { bindings::drm_dev_enter(drm, &mut index) } {
            return Err(ENODEV);
        }
        // SAFETY: `data` is written only before the device is registered and after unplugging it,
        // which waits for this section; by the type invariant it points to live, pinned data. Its
        // real lifetime is no shorter than this section, and `f` works for any.
        let result = f(unsafe { Pin::new_unchecked(&*(*self.data.get()).cast()) });
        // SAFETY: Ends the section begun above.
        unsafe { bindings::drm_dev_exit(index) };

        result
    }
}

/// A registered DRM device, and the data its ioctls are given.
///
/// Dropping it unplugs the device: it waits for running ioctls, later calls on files that are still
/// open fail with `ENODEV`, and mappings of the device are gone. Then the data is dropped.
///
/// # Invariants
///
/// `node` is a registered device that this value owns one reference of.
pub struct Registration<'a, D: Driver> {
    node: NonNull<Node<D>>,
    // The real lifetime is `'a`.
    data: <D::Data as ForLt>::Of<'static>,
    _lifetime: PhantomData<fn(&'a ()) -> &'a ()>,
    _pinned: PhantomPinned,
}

// SAFETY: A registration can be dropped from any thread if its data can; it gives no other access.
unsafe impl<D: Driver> Send for Registration<'_, D> where for<'b> <D::Data as ForLt>::Of<'b>: Send {}

// SAFETY: A shared registration gives no access at all.
unsafe impl<D: Driver> Sync for Registration<'_, D> where for<'b> <D::Data as ForLt>::Of<'b>: Send {}

impl<'a, D: Driver> Registration<'a, D>
where
    for<'b> <D::Data as ForLt>::Of<'b>: Send + Sync,
{
    /// Registers a device below `parent`, whose ioctls get `data`.
    ///
    /// User space can open the device and call ioctls before this returns.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `ENOSPC` if there are no free minor numbers, `EINVAL` if the module was built for a
    /// kernel whose DRM structures differ, or those of `data`.
    pub fn new(
        parent: &'a Device<Bound>,
        data: impl PinInit<<D::Data as ForLt>::Of<'a>, Error>,
    ) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            layout::check(parent)?;

            let node = Unregistered::<D>::new(parent)?;
            // SAFETY: `slot` is valid for writes, so a pointer to its field is in bounds.
            let data_slot = unsafe { addr_of_mut!((*slot).data) };
            // SAFETY: The field is valid for writes and stays where it is until it is dropped, which
            // happens below on failure and with the registration otherwise. Lifetimes do not change
            // layout.
            unsafe { raw_try_init(data_slot.cast(), data)? };
            // SAFETY: Nobody else knows the device yet.
            unsafe { *node.0.as_ref().data.get() = data_slot };

            let drm = node.0.as_ptr().cast();
            // SAFETY: The device is initialised and unregistered.
            let registered = to_result(unsafe { bindings::drm_dev_register(drm, 0) });
            if let Err(err) = registered {
                // A node may have been open for a moment; before it fails, the DRM core marks the
                // device as unplugged and waits for running calls.
                // SAFETY: The data was initialised above, and no call can reach it any more.
                unsafe { core::ptr::drop_in_place(data_slot) };
                return Err(err);
            }

            // INVARIANT: The device is registered, and the reference of `node` passes to the slot.
            let node_ptr = node.0;
            core::mem::forget(node);
            // SAFETY: `slot` is valid for writes; the markers have no bytes.
            unsafe { addr_of_mut!((*slot).node).write(node_ptr) };
            Ok(())
        };

        // SAFETY: On `Ok` both fields with bytes are initialised; on `Err` the data was dropped or
        // never came up, and the device reference is gone.
        unsafe { bound::from_closure(init) }
    }
}

impl<D: Driver> Drop for Registration<'_, D> {
    fn drop(&mut self) {
        let drm: *mut bindings::drm_device = self.node.as_ptr().cast();

        // SAFETY: By the type invariant the device is registered, and this is the only place that
        // unplugs it.
        unsafe { bindings::drm_dev_unplug(drm) };
        // SAFETY: No call can reach the data any more, and none begins.
        unsafe { *self.node.as_ref().data.get() = core::ptr::null() };
        // SAFETY: By the type invariant this value owns a reference.
        unsafe { bindings::drm_dev_put(drm) };
    }
}

/// A device that nobody knows of yet; dropping it frees it.
struct Unregistered<D: Driver>(NonNull<Node<D>>);

impl<D: Driver> Unregistered<D> {
    fn new(parent: &Device<Bound>) -> Result<Self> {
        // CAST: `Device` is a transparent wrapper of an `Opaque<device>`.
        let parent = core::ptr::from_ref(parent)
            .cast::<bindings::device>()
            .cast_mut();
        // SAFETY: `parent` is a valid device, of which DRM takes a reference; the driver structure is
        // static; a `Node<D>` holds the device at the offset given, and the rest of it is valid when
        // zeroed.
        let node = from_err_ptr(unsafe {
            bindings::__drm_dev_alloc(
                parent,
                Tables::<D>::DRIVER,
                size_of::<Node<D>>(),
                offset_of!(Node<D>, drm),
            )
        })?;
        Ok(Self(NonNull::new(node.cast()).ok_or(ENOMEM)?))
    }
}

impl<D: Driver> Drop for Unregistered<D> {
    fn drop(&mut self) {
        // SAFETY: This value owns the only reference that this crate holds.
        unsafe { bindings::drm_dev_put(self.0.as_ptr().cast()) }
    }
}
