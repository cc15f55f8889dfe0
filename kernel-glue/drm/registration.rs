// SPDX-License-Identifier: GPL-2.0

//! A DRM device that exists for as long as a driver is bound.

use crate::{
    device::Device,
    driver::{
        Driver,
        Tables, //
    },
    layout, //
};
use core::{
    marker::{
        PhantomData,
        PhantomPinned, //
    },
    ptr::{
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    bindings,
    device,
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

/// A registered DRM device, and the data its ioctls are given.
///
/// Dropping it unplugs the device: it waits for running ioctls, later calls on files that are still
/// open fail with `ENODEV`, and mappings of the device are gone. Then the data is dropped.
///
/// # Invariants
///
/// `node` is a registered device that this value owns one reference of.
pub struct Registration<'a, D: Driver> {
    node: NonNull<Device<D>>,
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
        parent: &'a device::Device<device::Bound>,
        data: impl PinInit<<D::Data as ForLt>::Of<'a>, Error>,
    ) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            layout::check(parent)?;

            let node = Unregistered::<D>::new(parent)?;
            // SAFETY: The field is valid for writes, as `slot` is, and stays where it is until it is dropped,
            // which happens below on failure and with the registration otherwise; lifetimes do not change
            // layout. Nobody else knows the device yet, which is initialised and unregistered.
            unsafe {
                let data_slot = addr_of_mut!((*slot).data);
                raw_try_init(data_slot.cast(), data)?;
                *node.0.as_ref().data.get() = data_slot;

                let registered = bindings::drm_dev_register(node.0.as_ptr().cast(), 0);
                if let Err(err) = to_result(registered) {
                    // A node may have been open for a moment; before it fails, the DRM core marks the
                    // device as unplugged and waits for running calls. So no call can reach the data.
                    core::ptr::drop_in_place(data_slot);
                    return Err(err);
                }
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

#[cfg(CONFIG_KUNIT = "y")]
impl<D: Driver> Registration<'_, D> {
    /// The device, for suites.
    pub(crate) fn device(&self) -> &Device<D> {
        // SAFETY: By the type invariant this value owns a reference of it.
        unsafe { self.node.as_ref() }
    }
}

impl<D: Driver> Drop for Registration<'_, D> {
    fn drop(&mut self) {
        let drm: *mut bindings::drm_device = self.node.as_ptr().cast();

        // SAFETY: By the type invariant the device is registered, and this is the only place that unplugs it.
        // After that no call can reach the data, and none begins. This value owns a reference.
        unsafe {
            bindings::drm_dev_unplug(drm);
            *self.node.as_ref().data.get() = core::ptr::null();
            bindings::drm_dev_put(drm);
        }
    }
}

/// A device that nobody knows of yet; dropping it frees it.
struct Unregistered<D: Driver>(NonNull<Device<D>>);

impl<D: Driver> Unregistered<D> {
    fn new(parent: &device::Device<device::Bound>) -> Result<Self> {
        // CAST: `Device` is a transparent wrapper of an `Opaque<device>`.
        let parent = core::ptr::from_ref(parent)
            .cast::<bindings::device>()
            .cast_mut();
        // SAFETY: `parent` is a valid device, of which DRM takes a reference; the driver structure is
        // static; a `Device<D>` holds the device at the offset given, and the rest of it is valid when
        // zeroed.
        let node = from_err_ptr(unsafe {
            bindings::__drm_dev_alloc(
                parent,
                Tables::<D>::DRIVER,
                size_of::<Device<D>>(),
                Device::<D>::DRM_OFFSET,
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
