// SPDX-License-Identifier: GPL-2.0

//! The one release of NVIDIA's firmware that this driver speaks with.
//!
//! The messages exchanged with GSP-RM change from release to release without notice, so any other
//! version is refused, newer ones too.

use core::fmt;

/// The release as a literal, for use in `concat!`.
#[macro_export]
macro_rules! release {
    () => {
        "570.144"
    };
}

/// The release this driver supports, as written in the files.
pub const SUPPORTED: &str = release!();

/// A version string must be shorter than this many bytes to be worth printing.
const LIMIT: usize = 64;

/// A version read from a file: printable ASCII, 1 to 63 bytes long.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Version {
    text: [u8; LIMIT],
    len: usize,
}

impl Version {
    /// Takes the text of a version, without any terminator; `None` if it cannot be one.
    pub fn new(text: &[u8]) -> Option<Self> {
        if text.is_empty() || !text.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
            return None;
        }
        let mut version = Self {
            text: [0; LIMIT],
            len: text.len(),
        };
        // Room for a terminator is demanded, because the ELF images have one.
        version
            .text
            .get_mut(..LIMIT - 1)?
            .get_mut(..text.len())?
            .copy_from_slice(text);
        Some(version)
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..self.len).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }

    /// Whether it is the release this driver supports.
    pub fn is_supported(&self) -> bool {
        self.as_str() == SUPPORTED
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same,
        Text, //
    };

    cases! { version_cases at version::cases:
        fn a_version_is_short_printable_text() {
            for (name, text, want) in [
                ("the supported one", &b"570.144"[..], Some("570.144")),
                ("another", b"610.00", Some("610.00")),
                (
                    "longest",
                    &[b'1'; 63],
                    Some(core::str::from_utf8(&[b'1'; 63]).unwrap()),
                ),
                ("too long", &[b'1'; 64], None),
                ("much too long", &[b'1'; 4096], None),
                ("empty", b"", None),
                ("with a NUL", b"570.144\0", None),
                ("not ASCII", b"570.144\xb5", None),
            ] {
                let version = Version::new(text).map(Text::of);
                same!(version.as_ref().map(Text::as_str), want, "{name}");
            }
        }

        fn only_one_release_is_supported() {
            for (text, want) in [
                ("570.144", true),
                ("570.14", false),
                ("570.1440", false),
                ("535.113.01", false),
            ] {
                same!(
                    Version::new(text.as_bytes()).unwrap().is_supported(),
                    want,
                    "{text}"
                );
            }
        }
    }
}
