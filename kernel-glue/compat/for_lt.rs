// SPDX-License-Identifier: GPL-2.0

//! The traits of types over a lifetime.
//!
//! In 7.2 there is one, which is `unsafe` and stands for types that are covariant. What it says cannot be
//! divided afterwards, so both are made anew; [`auxiliary`](super::auxiliary) translates for the one place where
//! the kernel crate asks for its own.

#[cfg(kernel_7_3)]
pub use kernel::types::{
    CovariantForLt,
    ForLt, //
};

#[cfg(not(kernel_7_3))]
pub use before::{
    CovariantForLt,
    ForLt, //
};

#[cfg(not(kernel_7_3))]
mod before {
    use kernel::{
        io::mem::{
            ExclusiveIoMem,
            IoMem, //
        },
        pci::Bar, //
    };

    /// Stands for a type over a lifetime.
    pub trait ForLt {
        /// The type for one lifetime.
        type Of<'a>: 'a;
    }

    /// Stands for a type over a lifetime that may be used as one over a shorter lifetime.
    ///
    /// # Safety
    ///
    /// `Of<'a>` is covariant in `'a`.
    pub unsafe trait CovariantForLt: ForLt {
        /// Shortens the lifetime.
        #[inline(always)]
        fn cast_ref<'r, 'short: 'r, 'long: 'short>(
            long: &'r Self::Of<'long>,
        ) -> &'r Self::Of<'short> {
            // SAFETY: Lifetimes do not change what a type looks like, and by covariance a value with the
            // longer one is good for the shorter.
            unsafe { &*core::ptr::from_ref(long).cast() }
        }
    }

    /// Makes types of the kernel crate that map registers the tags that they are in 7.3.
    macro_rules! mapping {
        ($($name:ident)*) => {
            $(
                impl<const SIZE: usize> ForLt for $name<'static, SIZE> {
                    type Of<'a> = $name<'a, SIZE>;
                }

                // SAFETY: The lifetime is that of the reference to the device in there, and of nothing else.
                unsafe impl<const SIZE: usize> CovariantForLt for $name<'static, SIZE> {}
            )*
        };
    }

    mapping!(Bar IoMem ExclusiveIoMem);
}
