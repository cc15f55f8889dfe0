// SPDX-License-Identifier: GPL-2.0

//! Cases: tests that run on the host, and the same in a kernel.
//!
//! What needs nothing but `core` can be tried where it is used: by the compiler, with the flags and checks of the
//! kernel. `cases!` makes a function of each case, which says by its result whether the case holds; a test of
//! each, on the host; and a macro that lists them all, of which the driver makes a KUnit suite.
//!
//! This file is compiled into each crate that has cases.

use core::fmt;

/// Whether a case holds.
pub type Outcome = Result<(), Failure>;

/// Why a case does not hold.
#[derive(Debug)]
pub struct Failure {
    line: u32,
    // As much as a result can well carry.
    reason: Printed<104>,
}

impl Failure {
    #[doc(hidden)]
    pub fn new(line: u32, reason: fmt::Arguments<'_>) -> Self {
        Self {
            line,
            reason: Printed::of(reason),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason.as_str())
    }
}

/// Text that was printed.
pub type Text = Printed<512>;

/// Text that was printed; what is too long is cut off.
#[derive(Clone)]
pub struct Printed<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Printed<N> {
    /// Prints something.
    pub fn of(what: impl fmt::Display) -> Self {
        let mut text = Self {
            bytes: [0; N],
            len: 0,
        };
        // An error would say no more than that the end is missing, which can be seen.
        let _ = fmt::write(&mut text, format_args!("{what}"));
        text
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("no text")
    }
}

impl<const N: usize> fmt::Write for Printed<N> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for letter in piece.chars() {
            let room = &mut self.bytes[self.len..];
            if room.len() < letter.len_utf8() {
                return Err(fmt::Error);
            }
            self.len += letter.encode_utf8(room).len();
        }
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for Printed<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> PartialEq<str> for Printed<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl<const N: usize> PartialEq<&str> for Printed<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Ends the case unless a condition holds.
macro_rules! check {
    ($condition:expr $(,)?) => {
        check!($condition, "in this case")
    };
    ($condition:expr, $($where:tt)+) => {
        if !$condition {
            return Err($crate::cases::Failure::new(
                line!(),
                format_args!("{}: not so: {}", format_args!($($where)+), stringify!($condition)),
            ));
        }
    };
}

/// Ends the case unless two values are equal.
macro_rules! same {
    ($left:expr, $right:expr $(,)?) => {
        same!($left, $right, "in this case")
    };
    ($left:expr, $right:expr, $($where:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    return Err($crate::cases::Failure::new(
                        line!(),
                        format_args!("{}: {left:?} is not {right:?}", format_args!($($where)+)),
                    ));
                }
            }
        }
    };
}

/// `cases! { LIST at PATH: fn a() {…} fn b() {…} }` makes the cases `a` and `b`, in the module whose path in its crate is
/// `PATH`, and the macro `LIST`. `LIST!(m, NAME)` is `m! { NAME PATH { a b } }`.
macro_rules! cases {
    ($list:ident at $($path:ident)::+: $(fn $name:ident() $body:block)+) => {
        cases! { @($) $list [$($path)::+] $(fn $name() $body)+ }
    };
    (@($dollar:tt) $list:ident [$($path:tt)+] $(fn $name:ident() $body:block)+) => {
        $(
            #[doc = stringify!($name)]
            pub fn $name() -> $crate::cases::Outcome {
                $body
                #[allow(unreachable_code)]
                Ok(())
            }
        )+

        /// Each case as a test.
        #[cfg(test)]
        mod on_the_host {
            $(
                #[test]
                fn $name() {
                    if let Err(failure) = super::$name() {
                        panic!("{}: {failure}", core::file!());
                    }
                }
            )+
        }

        /// Gives a macro the cases of this module.
        #[macro_export]
        macro_rules! $list {
            ($dollar user:ident, $dollar name:ident) => {
                $dollar user! { $dollar name $dollar crate::$($path)+ { $($name)+ } }
            };
        }
    };
}

pub(crate) use {
    cases,
    check,
    same, //
};

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Outcome {
        same!(1 + 1, 3, "{}", "sum");
        Ok(())
    }

    fn holds() -> Outcome {
        check!(true);
        same!("a", "a");
        Ok(())
    }

    #[test]
    fn a_case_that_does_not_hold_says_where_and_why() {
        assert!(holds().is_ok());
        let text = Text::of(fails().unwrap_err());
        assert!(text.as_str().ends_with(": sum: 2 is not 3"), "{text:?}");
        assert!(text.as_str().starts_with("line 1"), "{text:?}");
    }

    #[test]
    fn long_text_is_cut_between_letters() {
        let text = Text::of(format_args!("{:511}ä", ""));
        assert_eq!(text.as_str().len(), 511);
    }
}
