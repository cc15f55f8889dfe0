// SPDX-License-Identifier: GPL-2.0

//! Structures of the DRM core that count their references.

use core::ptr::NonNull;
use kernel::sync::aref::{
    ARef,
    AlwaysRefCounted, //
};

/// Makes a type that wraps a structure of C reference-counted, by the C functions that count.
///
/// `$get` and `$put` must be those of the structure, which `$type` must begin with, and which must live until
/// there is no reference any more.
macro_rules! counted {
    (unsafe impl $([$($parameters:tt)*])? for $type:ty: $get:path, $put:path) => {
        // SAFETY: As who uses the macro says, by `unsafe`.
        unsafe impl $(<$($parameters)*>)? ::kernel::sync::aref::AlwaysRefCounted for $type {
            fn inc_ref(&self) {
                // SAFETY: By the reference, the structure is alive.
                unsafe { $get(::core::ptr::from_ref(self).cast_mut().cast()) }
            }

            unsafe fn dec_ref(object: ::core::ptr::NonNull<Self>) {
                // SAFETY: The caller owns a reference, and gives it up.
                unsafe { $put(object.cast().as_ptr()) }
            }
        }
    };
}
pub(crate) use counted;

/// Takes charge of what C has returned with a reference; `None` if that is null.
///
/// # Safety
///
/// The pointer is null, or what a `T` begins with, and the reference is the caller's to give away.
pub(crate) unsafe fn take<C, T: AlwaysRefCounted>(object: *mut C) -> Option<ARef<T>> {
    // SAFETY: As the caller promises.
    NonNull::new(object).map(|object| unsafe { ARef::from_raw(object.cast()) })
}
