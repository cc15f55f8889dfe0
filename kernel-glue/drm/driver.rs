// SPDX-License-Identifier: GPL-2.0

//! What a DRM driver says of itself.

use crate::{
    fdinfo,
    file::{
        self,
        DriverFile, //
    },
    gem::DriverObject,
    ioctl,
    prime, //
};
use kernel::{
    bindings,
    prelude::*,
    ModuleMetadata, //
};
use kernel_glue::{
    compat::module::this_module,
    for_lt::ForLt, //
};

/// A DRM driver without display: render node, GEM, syncobjs, ioctls.
pub trait Driver: Sized + 'static {
    /// What every ioctl is given. It may borrow for as long as the driver is bound to its device.
    type Data: ForLt + 'static;

    /// What the driver keeps for each open file; `()` for nothing.
    type File: DriverFile<Self>;

    /// What the driver keeps for each object; `()` for nothing.
    type Object: DriverObject;

    /// The module whose code runs while a file of this driver is open; `crate::LocalModule`.
    type OwnerModule: ModuleMetadata;

    /// Name and version, as `DRM_IOCTL_VERSION` reports them.
    const INFO: Info;

    /// The driver's ioctls; number `0x40 + i` stands at index `i`.
    const IOCTLS: &'static [ioctl::Entry<Self>];
}

/// Name and version of a driver.
pub struct Info {
    /// Short name, by which user space picks its own driver.
    pub name: &'static CStr,
    /// One line for people.
    pub desc: &'static CStr,
    /// Version: major, minor, patch level.
    pub version: (i32, i32, i32),
}

/// The C structures of a driver, made once by the compiler.
pub(crate) struct Tables<D>(D);

impl<D: Driver> Tables<D> {
    /// The structure that `drm_dev_alloc()` takes.
    pub(crate) const DRIVER: &'static bindings::drm_driver = &const {
        ioctl::check_table(D::IOCTLS);
        bindings::drm_driver {
            name: c_chars(D::INFO.name).cast_mut(),
            desc: c_chars(D::INFO.desc).cast_mut(),
            major: D::INFO.version.0,
            minor: D::INFO.version.1,
            patchlevel: D::INFO.version.2,
            driver_features: bindings::drm_driver_feature_DRIVER_GEM
                | bindings::drm_driver_feature_DRIVER_RENDER
                | bindings::drm_driver_feature_DRIVER_SYNCOBJ
                | bindings::drm_driver_feature_DRIVER_SYNCOBJ_TIMELINE,
            open: Some(file::open::<D>),
            postclose: Some(file::close::<D>),
            show_fdinfo: Some(fdinfo::show::<D>),
            gem_create_object: Some(prime::create_object::<D>),
            gem_prime_import: Some(prime::import::<D>),
            ioctls: D::IOCTLS.as_ptr().cast(),
            // CAST: `check_table` bounds the length.
            num_ioctls: D::IOCTLS.len() as c_int,
            fops: Self::FILE_OPERATIONS,
            ..pin_init::zeroed()
        }
    };

    const FILE_OPERATIONS: &'static bindings::file_operations = &const {
        bindings::file_operations {
            owner: this_module::<D::OwnerModule>(),
            // Offsets into a DRM file are chosen by the kernel and have the top bit free to use.
            fop_flags: bindings::FOP_UNSIGNED_OFFSET,
            open: Some(bindings::drm_open),
            release: Some(bindings::drm_release),
            unlocked_ioctl: Some(bindings::drm_ioctl),
            compat_ioctl: COMPAT_IOCTL,
            poll: Some(bindings::drm_poll),
            read: Some(bindings::drm_read),
            llseek: Some(bindings::noop_llseek),
            mmap: Some(bindings::drm_gem_mmap),
            show_fdinfo: Some(bindings::drm_show_fdinfo),
            ..pin_init::zeroed()
        }
    };
}

/// How 32-bit programs call ioctls, on kernels that run them.
#[cfg(CONFIG_COMPAT)]
const COMPAT_IOCTL: Option<IoctlFn> = Some(bindings::drm_compat_ioctl);
#[cfg(not(CONFIG_COMPAT))]
const COMPAT_IOCTL: Option<IoctlFn> = None;

/// An ioctl of a file, as C sees it.
type IoctlFn = unsafe extern "C" fn(*mut bindings::file, c_uint, c_ulong) -> c_long;

/// Same as [`CStrExt::as_char_ptr`](kernel::str::CStrExt::as_char_ptr), for constants.
#[expect(
    clippy::disallowed_methods,
    reason = "the kernel's own method for this is not const"
)]
pub(crate) const fn c_chars(text: &'static CStr) -> *const c_char {
    text.as_ptr().cast()
}
