// SPDX-License-Identifier: GPL-2.0

//! Buffers (GEM objects) in system memory.
//!
//! The memory is that of a file in shmem, made when the buffer is first mapped or used by another driver and
//! freed with the buffer. `drm_shmem_helper.ko` does most of the work; `gem_helpers.c` tells what is left.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod mapping;

use crate::{
    counted::{
        counted,
        take, //
    },
    device::Device,
    driver::Driver,
    file::File, //
};
use core::{
    mem::MaybeUninit,
    pin::Pin,
    ptr::{
        addr_of_mut,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    error::to_result,
    page::{
        page_align,
        PAGE_SHIFT, //
    },
    prelude::*,
    sync::aref::ARef,
    types::Opaque, //
};
use kernel_glue::compat::pin_init::raw_try_init;

/// What a driver keeps for each of its objects.
///
/// It is dropped with the object, which may be long after the driver was unbound; so it cannot borrow
/// from the driver's data.
pub trait DriverObject: Send + Sync + Sized + 'static {
    /// Makes it for a buffer that comes from another driver.
    ///
    /// # Errors
    ///
    /// Importing the buffer fails with the error of the initialiser.
    fn imported() -> impl PinInit<Self, Error>;
}

/// For drivers that keep nothing.
impl DriverObject for () {
    fn imported() -> impl PinInit<Self, Error> {
        Ok(())
    }
}

/// A buffer of driver `D`.
///
/// It lives until the last of its handles, mappings, exports and [`ARef`]s has gone. That may be after
/// its device was unplugged, so it keeps the device.
///
/// # Invariants
///
/// Once there is a reference to it: `shmem` is initialised; `complete` is set; `data` is initialised and
/// pinned; the device of `shmem` is one of `D`, and the object owns a reference of it.
#[repr(C)]
pub struct Object<D: Driver> {
    shmem: Opaque<bindings::drm_gem_shmem_object>,
    /// Whether the invariants hold; false while the object is being made.
    complete: bool,
    data: MaybeUninit<D::Object>,
}

// SAFETY: The DRM core synchronises all that it changes in an object; `data` is `Send` and `Sync`.
unsafe impl<D: Driver> Send for Object<D> {}

// SAFETY: As above.
unsafe impl<D: Driver> Sync for Object<D> {}

// SAFETY: The functions are those of GEM objects, with which an object begins, and which the DRM core frees
// when their count falls to zero.
counted!(unsafe impl [D: Driver] for Object<D>: kernel_glue_drm_gem_get, kernel_glue_drm_gem_put);

impl<D: Driver> Object<D> {
    /// Makes a buffer of `size` bytes, rounded up to whole pages, filled with zeros.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `size` is 0 or cannot be rounded up; `ENOMEM` if there is not enough memory, or
    /// `size` is more than the machine has (a buffer is in memory as a whole while it is mapped);
    /// `ENOSPC` if there is no room for it among the device's mmap offsets; those of `data`.
    pub fn new(
        dev: &Device<D>,
        size: usize,
        data: impl PinInit<D::Object, Error>,
    ) -> Result<ARef<Self>> {
        let size = match page_align(size) {
            None | Some(0) => return Err(EINVAL),
            Some(size) => size,
        };
        let object = Self::allocate()?;
        // SAFETY: Device and object are valid. The object begins with the structure, zeroed but for `funcs`,
        // and `size` is a multiple of the page size. On failure nothing is left in it, and nobody else knows
        // of it; otherwise it has one reference, of which nobody else knows.
        unsafe {
            let made = match size >> PAGE_SHIFT > kernel_glue_pages_of_machine() {
                true => Err(ENOMEM),
                false => to_result(kernel_glue_drm_gem_init(dev.as_raw(), object.cast(), size)),
            };
            if let Err(err) = made {
                drop(KBox::from_raw(object));
                return Err(err);
            }
            Self::complete(object, data)
        }
    }

    /// A box with an object that knows its functions, and is otherwise for the shmem helper to initialise.
    ///
    /// Until then, it can be freed as any other memory.
    pub(crate) fn allocate() -> Result<*mut Self> {
        let gem = bindings::drm_gem_object {
            funcs: Self::FUNCTIONS,
            ..pin_init::zeroed()
        };
        let object = Self {
            shmem: Opaque::new(bindings::drm_gem_shmem_object {
                base: gem,
                ..pin_init::zeroed()
            }),
            complete: false,
            data: MaybeUninit::uninit(),
        };
        Ok(KBox::into_raw(KBox::new(object, GFP_KERNEL)?))
    }

    /// Makes the invariants true of an object that the shmem helper has initialised.
    ///
    /// # Errors
    ///
    /// Those of `data`; the object is then gone.
    ///
    /// # Safety
    ///
    /// `object` was made by [`Self::allocate`] and initialised for a device of `D`; the caller owns the
    /// only reference, which passes to the callee.
    pub(crate) unsafe fn complete(
        object: *mut Self,
        data: impl PinInit<D::Object, Error>,
    ) -> Result<ARef<Self>> {
        // SAFETY: The object is valid, and so is its device. The field stays where it is until `free` drops
        // it. On failure the caller's reference is dropped, and `free` knows by `complete` that there is no
        // data. INVARIANT: `data` is initialised, and the object gets its reference to the device.
        unsafe {
            let slot = addr_of_mut!((*object).data).cast();
            if let Err(err) = raw_try_init(slot, data) {
                kernel_glue_drm_gem_put(object.cast());
                return Err(err);
            }
            bindings::drm_dev_get((*object.cast::<bindings::drm_gem_object>()).dev);
            (*object).complete = true;
            Ok(ARef::from_raw(NonNull::new_unchecked(object)))
        }
    }

    pub(crate) fn as_gem(&self) -> *mut bindings::drm_gem_object {
        const { assert!(core::mem::offset_of!(Self, shmem) == 0) };
        self.shmem.get().cast()
    }

    /// What the driver keeps for this object.
    pub fn data(&self) -> Pin<&D::Object> {
        // SAFETY: By the type invariant it is initialised and pinned.
        unsafe { Pin::new_unchecked(self.data.assume_init_ref()) }
    }

    /// What never changes in an object.
    fn fixed(&self) -> Fixed {
        let gem = self.as_gem();
        // SAFETY: By the type invariant the object is initialised, which has given it an mmap offset.
        unsafe {
            Fixed {
                dev: (*gem).dev,
                size: (*gem).size,
                page: (*gem).vma_node.vm_node.start,
            }
        }
    }

    /// Length in bytes, a multiple of the page size.
    pub fn size(&self) -> usize {
        self.fixed().size
    }

    /// Where in the device's files the object can be mapped, in bytes, for files with a handle of it.
    pub fn mmap_offset(&self) -> u64 {
        self.fixed().page << PAGE_SHIFT
    }

    /// Gives `file` a handle of the object; the handle keeps the object.
    ///
    /// User space may guess the handle, and close it, before this returns.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `ENOSPC` if there are no free handles; `EINVAL` if `file` is of another device.
    pub fn create_handle(&self, file: &File<D>) -> Result<u32> {
        if self.fixed().dev != file.device().as_raw() {
            return Err(EINVAL);
        }

        let mut handle = 0;
        // SAFETY: File and object are valid and of one device.
        to_result(unsafe {
            bindings::drm_gem_handle_create(file.as_raw(), self.as_gem(), &mut handle)
        })?;
        Ok(handle)
    }

    /// What the DRM core calls for an object. The functions are those of the shmem helper, but for the
    /// mappings and the accounting.
    const FUNCTIONS: &'static bindings::drm_gem_object_funcs = &const {
        bindings::drm_gem_object_funcs {
            free: Some(free::<D>),
            print_info: Some(kernel_glue_drm_gem_print_info),
            pin: Some(kernel_glue_drm_gem_pin),
            unpin: Some(kernel_glue_drm_gem_unpin),
            get_sg_table: Some(kernel_glue_drm_gem_get_sg_table),
            vmap: Some(kernel_glue_drm_gem_vmap),
            vunmap: Some(kernel_glue_drm_gem_vunmap),
            mmap: Some(kernel_glue_drm_gem_mmap),
            status: Some(kernel_glue_drm_gem_status),
            rss: Some(kernel_glue_drm_gem_rss),
            vm_ops: mapping::VM_OPERATIONS,
            ..pin_init::zeroed()
        }
    };
}

impl<D: Driver> File<D> {
    /// The object of one of the file's handles.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such handle.
    pub fn lookup(&self, handle: u32) -> Result<ARef<Object<D>>> {
        // SAFETY: The file is valid by the borrow. Every handle of it comes from `create_handle` or from
        // importing a buffer, so that the object is a complete `Object<D>`; the lookup takes a reference.
        unsafe { take(bindings::drm_gem_object_lookup(self.as_raw(), handle)).ok_or(ENOENT) }
    }
}

/// See [`Object::fixed`].
struct Fixed {
    dev: *mut bindings::drm_device,
    size: usize,
    /// Where the object begins in the device's files, in pages.
    page: u64,
}

/// What the DRM core calls when the last reference to an object has gone.
///
/// # Safety
///
/// `gem` belongs to an object that [`Object::allocate`] made for `D` and the shmem helper initialised;
/// nobody uses it any more.
unsafe extern "C" fn free<D: Driver>(gem: *mut bindings::drm_gem_object) {
    let object: *mut Object<D> = gem.cast();
    // SAFETY: The object is valid until it is freed here. If it is complete, it has data, and owns a
    // reference of the device, which the shmem helper still needs. `kfree()` is what frees a `KBox`.
    unsafe {
        let (complete, dev) = ((*object).complete, (*gem).dev);
        if complete {
            (*object).data.assume_init_drop();
        }
        bindings::drm_gem_shmem_free(object.cast());
        if complete {
            bindings::drm_dev_put(dev);
        }
    }
}

// What is inline in C; see gem_helpers.c.
#[expect(
    improper_ctypes,
    reason = "the structures contain empty ones, which C has as well"
)]
extern "C" {
    fn kernel_glue_pages_of_machine() -> usize;
    fn kernel_glue_drm_gem_init(
        dev: *mut bindings::drm_device,
        shmem: *mut bindings::drm_gem_shmem_object,
        size: usize,
    ) -> c_int;
    fn kernel_glue_drm_gem_get(gem: *mut bindings::drm_gem_object);
    fn kernel_glue_drm_gem_put(gem: *mut bindings::drm_gem_object);
    fn kernel_glue_drm_gem_print_info(
        printer: *mut bindings::drm_printer,
        indent: c_uint,
        gem: *const bindings::drm_gem_object,
    );
    fn kernel_glue_drm_gem_pin(gem: *mut bindings::drm_gem_object) -> c_int;
    fn kernel_glue_drm_gem_unpin(gem: *mut bindings::drm_gem_object);
    fn kernel_glue_drm_gem_get_sg_table(
        gem: *mut bindings::drm_gem_object,
    ) -> *mut bindings::sg_table;
    fn kernel_glue_drm_gem_vmap(
        gem: *mut bindings::drm_gem_object,
        map: *mut bindings::iosys_map,
    ) -> c_int;
    fn kernel_glue_drm_gem_vunmap(
        gem: *mut bindings::drm_gem_object,
        map: *mut bindings::iosys_map,
    );
    fn kernel_glue_drm_gem_mmap(
        gem: *mut bindings::drm_gem_object,
        vma: *mut bindings::vm_area_struct,
    ) -> c_int;
    fn kernel_glue_drm_gem_status(
        gem: *mut bindings::drm_gem_object,
    ) -> bindings::drm_gem_object_status;
    fn kernel_glue_drm_gem_rss(gem: *mut bindings::drm_gem_object) -> usize;
}
