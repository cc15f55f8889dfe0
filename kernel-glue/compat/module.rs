// SPDX-License-Identifier: GPL-2.0

//! The module that code belongs to, for structures whose functions C calls while a file is open.

use kernel::{
    bindings,
    ModuleMetadata, //
};

/// Returns the module `M`, for constants.
#[cfg(kernel_7_3)]
pub const fn this_module<M: ModuleMetadata>() -> *mut bindings::module {
    kernel::module::this_module::<M>().as_ptr()
}

/// Returns the module `M`, for constants.
///
/// In 7.2 a type does not know its module. This is the module that the constant is linked into, which is `M`
/// unless a crate of one module makes constants for another.
#[cfg(not(kernel_7_3))]
pub const fn this_module<M: ModuleMetadata>() -> *mut bindings::module {
    extern "C" {
        /// Its first byte; nobody looks at it.
        static __this_module: u8;
    }

    (&raw const __this_module).cast_mut().cast()
}
