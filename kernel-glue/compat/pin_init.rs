// SPDX-License-Identifier: GPL-2.0

//! Running an initialiser by hand.

#[cfg(kernel_7_3)]
pub use pin_init::raw_try_init;

/// Initialises `slot`.
///
/// # Errors
///
/// Those of `init`.
///
/// # Safety
///
/// - `slot` is valid for writes, and what is in there is not moved before it is dropped.
/// - After `Err` nobody uses what is in there.
#[cfg(not(kernel_7_3))]
#[inline(always)]
pub unsafe fn raw_try_init<T, E>(
    slot: *mut T,
    init: impl kernel::prelude::PinInit<T, E>,
) -> Result<(), E> {
    // SAFETY: The caller promises what is asked for.
    unsafe { init.__pinned_init(slot) }
}
