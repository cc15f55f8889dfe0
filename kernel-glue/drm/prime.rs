// SPDX-License-Identifier: GPL-2.0

//! Buffers shared with other drivers (PRIME).
//!
//! Exporting needs nothing here: the DRM core makes a dma-buf of any object, which keeps the object, its
//! device and, as its owner, the module of the driver. Other drivers get at the memory through the functions
//! of the shmem helper.
//!
//! A buffer of another driver becomes an object without memory of its own, which keeps the dma-buf and by
//! it the exporter. It is attached to the device and not mapped for it: a mapping for DMA would have to end
//! before the driver is unbound, and objects do not.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::{
    driver::Driver,
    gem::{
        DriverObject,
        Object, //
    },
};
use kernel::{
    bindings,
    error::from_err_ptr,
    prelude::*,
    sync::aref::ARef, //
};

/// Called by the shmem helper for the object that it is about to make of an imported buffer.
pub(crate) extern "C" fn create_object<D: Driver>(
    _dev: *mut bindings::drm_device,
    _size: usize,
) -> *mut bindings::drm_gem_object {
    Object::<D>::allocate().map_or_else(Error::to_ptr, |object| object.cast())
}

/// Called by the DRM core for a dma-buf that the file has no handle of.
///
/// # Safety
///
/// `dev` is a device registered by this crate for `D`, `dma_buf` is valid.
pub(crate) unsafe extern "C" fn import<D: Driver>(
    dev: *mut bindings::drm_device,
    dma_buf: *mut bindings::dma_buf,
) -> *mut bindings::drm_gem_object {
    let import = || {
        // SAFETY: As the caller promises. What is returned is valid: an object that has come back, or one that
        // was just made by `create_object`, initialised for `dev`, and is nobody else's yet.
        let object = unsafe {
            let gem = from_err_ptr(bindings::drm_gem_shmem_prime_import_no_map(dev, dma_buf))?;
            if (*gem).import_attach.is_null() {
                return Ok(gem);
            }
            Object::<D>::complete(gem.cast(), D::Object::imported())?
        };
        Ok(ARef::into_raw(object).as_ptr().cast())
    };
    import().unwrap_or_else(Error::to_ptr)
}
