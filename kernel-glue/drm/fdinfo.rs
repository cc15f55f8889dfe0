// SPDX-License-Identifier: GPL-2.0

//! What `/proc/PID/fdinfo/FD` says of an open file.
//!
//! The DRM core prints who the client is, this crate what its objects take. The format is told in
//! `Documentation/gpu/drm-usage-stats.rst` of the kernel: one `key:<tab>value` a line.

use crate::{
    driver::Driver,
    file::{
        DriverFile,
        File, //
    },
};
use core::{
    fmt::{
        self,
        Write, //
    },
    marker::PhantomData, //
};
use kernel::bindings;

extern "C" {
    /// Prints `len` bytes of text that ends nowhere by itself.
    fn kernel_glue_drm_print(printer: *mut bindings::drm_printer, text: *const u8, len: usize);
}

/// Where lines go.
///
/// # Invariants
///
/// Holds a printer that is valid for `'a`.
pub struct Printer<'a>(*mut bindings::drm_printer, PhantomData<&'a mut ()>);

impl Printer<'_> {
    /// Prints one line; keys that the kernel does not define begin with the driver's name.
    pub fn line(&mut self, key: &str, value: impl fmt::Display) {
        // `Text` never fails; a value whose `Display` does is printed as far as it came.
        let _ = writeln!(Text(self), "{key}:\t{value}");
    }
}

/// For [`Printer::line`] only, so that drivers print nothing but lines.
struct Text<'p, 'a>(&'p mut Printer<'a>);

impl Write for Text<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: The printer is valid by the type invariant, and the text for as many bytes.
        unsafe { kernel_glue_drm_print(self.0 .0, text.as_ptr(), text.len()) };
        Ok(())
    }
}

/// What the DRM core calls.
///
/// # Safety
///
/// `printer` is valid; `file` is an open file of a device registered by this crate for `D`.
pub(crate) unsafe extern "C" fn show<D: Driver>(
    printer: *mut bindings::drm_printer,
    file: *mut bindings::drm_file,
) {
    // SAFETY: As the caller promises.
    let file = unsafe {
        bindings::drm_show_memory_stats(printer, file);
        File::<D>::from_raw(file)
    };
    // INVARIANT: Valid during this call.
    file.data().fdinfo(&mut Printer(printer, PhantomData));
}
