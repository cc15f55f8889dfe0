// SPDX-License-Identifier: GPL-2.0

//! Error codes.

#[cfg(kernel_7_3)]
pub use kernel::error::code;

/// Those that the prelude of 7.2 lacks.
#[cfg(not(kernel_7_3))]
pub mod code {
    use core::num::NonZero;
    use kernel::{
        bindings,
        error::Error, //
    };

    macro_rules! errors {
        ($($name:ident: $text:literal;)*) => {
            $(
                #[doc = $text]
                pub const $name: Error = {
                    // CAST: Error numbers are small.
                    let errno = NonZero::new(-(bindings::$name as i32)).unwrap();
                    // SAFETY: What an `Error` consists of is one such number, in the range of error numbers; the
                    // compiler refuses this if there were more bytes.
                    unsafe { core::mem::transmute::<NonZero<i32>, Error>(errno) }
                };
            )*
        };
    }

    errors! {
        ECANCELED: "Operation canceled.";
        EOPNOTSUPP: "Operation not supported.";
        ETIME: "Timer expired.";
    }
}
