// SPDX-License-Identifier: GPL-2.0

//! Values that live exactly as long as a driver is bound.
//!
//! A registration that hands out borrowed data (an auxiliary device, an interrupt handler, a DRM
//! device) is sound only if it is dropped before the borrow ends. Rust does not promise that:
//! `mem::forget` is safe. The kernel crate therefore makes the constructors of such registrations
//! `unsafe` and asks the driver not to forget them.
//!
//! Here the promise is kept by construction. Such a value is never handed to the driver; the driver
//! gets a [`BoundInit`], a description of how to build the value in place. Only an adapter of this
//! crate can run one, and it does so straight into the device's private data, which the driver core
//! drops at unbind. There is no value to forget, and no initialiser that could be run elsewhere.
//!
//! A [`PinInit`] can be made into a [`BoundInit`] (a value that may live anywhere may live there too, see
//! [`pinned`]); safe code cannot do the reverse.

use core::marker::PhantomData;
use kernel::prelude::*;

// For `bound_init!`, which must not be led astray by what the caller calls `kernel`.
#[doc(hidden)]
pub use crate::compat::pin_init::raw_try_init;
#[doc(hidden)]
pub use kernel::{
    error::Error,
    prelude::try_pin_init, //
};

/// Builds a `T` in place, and only inside private data that the driver core will drop at unbind.
///
/// Combine such initialisers with [`bound_init!`](crate::bound_init) and
/// [`Tether::new`](crate::tether::Tether::new).
///
/// # Safety
///
/// [`init`](Self::init) must initialise `slot` fully on `Ok`, and leave nothing initialised in it on
/// `Err`.
#[must_use = "an initialiser does nothing until an adapter runs it"]
pub unsafe trait BoundInit<T>: Sized {
    /// Builds the value in `slot`.
    ///
    /// # Safety
    ///
    /// - `slot` is valid for writes, properly aligned, and its contents stay at that address until
    ///   they are dropped.
    /// - After `Ok` the value in `slot` is dropped before any lifetime in `T` ends; it is never
    ///   forgotten.
    /// - After `Err` the caller does not use the contents of `slot`.
    unsafe fn init(self, slot: *mut T) -> Result;
}

/// Makes a [`BoundInit`] of a [`PinInit`].
pub fn pinned<T>(init: impl PinInit<T, Error>) -> impl BoundInit<T> {
    // SAFETY: `PinInit` initialises the slot on `Ok`, leaves it clean on `Err`, and asks no more of it.
    unsafe { from_closure(move |slot| raw_try_init(slot, init)) }
}

/// Makes a [`BoundInit`] of a value that exists already.
pub fn value<T>(value: T) -> impl BoundInit<T> {
    pinned(Ok(value))
}

/// Runs `make` when the value is to be built, and then builds what it says.
///
/// # Errors
///
/// Those of `make`, and of what it returns.
pub fn scope<T, I: BoundInit<T>>(make: impl FnOnce() -> Result<I>) -> impl BoundInit<T> {
    // SAFETY: All is left to a `BoundInit`, which is given the slot as it is; if `make` fails, nothing was
    // initialised.
    unsafe { from_closure(move |slot| make()?.init(slot)) }
}

/// A [`BoundInit`] made from a closure; deliberately not a [`PinInit`].
struct Closure<T, F>(F, PhantomData<fn(T) -> T>);

// SAFETY: By the contract of `from_closure`.
unsafe impl<T, F: FnOnce(*mut T) -> Result> BoundInit<T> for Closure<T, F> {
    #[inline]
    unsafe fn init(self, slot: *mut T) -> Result {
        (self.0)(slot)
    }
}

/// Makes a [`BoundInit`] from a closure over the slot.
///
/// # Safety
///
/// The closure keeps the promises of [`BoundInit`], and relies on no more than the caller of
/// [`BoundInit::init`] promises about the slot.
pub unsafe fn from_closure<T, F>(f: F) -> impl BoundInit<T>
where
    F: FnOnce(*mut T) -> Result,
{
    Closure(f, PhantomData)
}

/// Lets `try_pin_init!` run a [`BoundInit`] as one field of a structure.
///
/// # Safety
///
/// The returned initialiser is only run as part of another [`BoundInit`].
pub unsafe fn as_pin_init<T>(init: impl BoundInit<T>) -> impl PinInit<T, Error> {
    // SAFETY: `BoundInit` initialises the slot on `Ok` and leaves it clean on `Err`; what it asks of
    // the slot beyond `PinInit` is promised by the caller of this function.
    unsafe { pin_init::pin_init_from_closure(move |slot| init.init(slot)) }
}

/// Builds a structure in place from one [`BoundInit`] a field, as `try_pin_init!` does from `PinInit`.
///
/// The structure needs `#[pin_data]`, and `#[pin]` on every field. Fields are initialised in the order written here and dropped in
/// the order of the declaration. A failing field drops those before it, last first.
///
/// The expressions are evaluated before the first field is initialised, so they cannot refer to
/// other fields: [`Tether`](crate::tether::Tether) is how one part borrows from another.
#[macro_export]
macro_rules! bound_init {
    ($name:ident { $($field:ident <- $init:expr),+ $(,)? }) => {{
        $(let $field = $init;)+
        // SAFETY: The initialisers are run as fields of the `BoundInit` made here, and `Ok` and `Err`
        // of `try_pin_init!` mean what `BoundInit` asks for.
        unsafe {
            $crate::bound::from_closure(move |slot| {
                $crate::bound::raw_try_init(
                    slot,
                    $crate::bound::try_pin_init!($name {
                        $($field <- $crate::bound::as_pin_init($field),)+
                    }? $crate::bound::Error),
                )
            })
        }
    }};
}
