// SPDX-License-Identifier: GPL-2.0

//! Printing types of crates that do not know the kernel.

use kernel::fmt::{
    Display,
    Formatter,
    Result, //
};

/// Lets the kernel's printing macros print anything with [`core::fmt::Display`].
///
/// They take [`kernel::fmt::Display`], which crates that must also compile on a host cannot implement.
pub struct Plain<T>(pub T);

impl<T: core::fmt::Display> Display for Plain<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.fmt(f)
    }
}
