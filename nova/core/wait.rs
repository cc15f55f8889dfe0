// SPDX-License-Identifier: GPL-2.0

//! Waiting for the GPU to get somewhere, by looking again and again.

use kernel::{
    prelude::*,
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};

/// Looks until there is something to see, and sleeps for `interval` between two looks.
///
/// Looks once more after `deadline`, so that a machine which did not let us look for so long does not
/// make the GPU fail.
///
/// # Errors
///
/// `ETIMEDOUT` after `deadline`; those of `look`, at once.
pub(crate) fn until<T>(
    interval: Delta,
    deadline: Delta,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::<Monotonic>::now();
    loop {
        let is_last = start.elapsed() >= deadline;
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        if is_last {
            return Err(ETIMEDOUT);
        }
        fsleep(interval);
    }
}

/// As [`until`], for what never happens at once: sleeps for `first` before the first look.
///
/// # Errors
///
/// As [`until`].
pub(crate) fn after<T>(
    first: Delta,
    interval: Delta,
    deadline: Delta,
    look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    fsleep(first);
    until(interval, deadline, look)
}
