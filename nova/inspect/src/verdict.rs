// SPDX-License-Identifier: GPL-2.0

//! What the driver would say: the errno its probe fails with, and the reason as in its log line.

use nova_firmware::{
    vbios::{
        Kind,
        VbiosError, //
    },
    At, //
};
use std::fmt;

/// The error numbers that the driver fails with because of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// Malformed, or of a version that is not supported.
    Einval,
    /// Something is missing.
    Enoent,
    /// Too big.
    Efbig,
    /// Code, data or signatures are not where they should be.
    Erange,
    /// An address is too high for a falcon.
    Eoverflow,
    /// FWSEC takes no commands.
    Eopnotsupp,
    /// Not a GPU that the driver drives.
    Enodev,
    /// The GSP wrote nonsense.
    Eio,
    /// No errno: what the driver would do could not be found out.
    Unknown,
}

impl Errno {
    /// The name, as in the driver's log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Einval => "EINVAL",
            Self::Enoent => "ENOENT",
            Self::Efbig => "EFBIG",
            Self::Erange => "ERANGE",
            Self::Eoverflow => "EOVERFLOW",
            Self::Eopnotsupp => "EOPNOTSUPP",
            Self::Enodev => "ENODEV",
            Self::Eio => "EIO",
            Self::Unknown => "unknown",
        }
    }
}

impl From<VbiosError> for Errno {
    fn from(error: VbiosError) -> Self {
        match error.kind() {
            Kind::Malformed => Self::Einval,
            Kind::NotFound => Self::Enoent,
            Kind::OutOfRange => Self::Erange,
            Kind::Overflow => Self::Eoverflow,
            Kind::Unsupported => Self::Eopnotsupp,
        }
    }
}

/// Why the driver would refuse.
///
/// `Display` gives `<errno>: <reason>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What its probe would fail with.
    pub errno: Errno,
    /// Byte of the input where the reason was found, if it is at a place.
    pub offset: Option<usize>,
    /// The reason, in the words of the log line, with the place.
    pub reason: String,
}

impl Refusal {
    /// A reason that is at no place.
    pub fn new(errno: Errno, reason: impl Into<String>) -> Self {
        Self {
            errno,
            offset: None,
            reason: reason.into(),
        }
    }

    /// What a parser says, after `what`.
    pub fn at<E: fmt::Display>(errno: Errno, what: &str, error: &At<E>) -> Self {
        Self {
            errno,
            offset: Some(error.offset),
            reason: format!("{what}{error}"),
        }
    }

    /// The same, the place being counted from something that is itself at `base`.
    pub fn from_base<E: fmt::Display>(errno: Errno, what: &str, base: usize, error: At<E>) -> Self {
        Self::at(errno, what, &At::new(base + error.offset, error.reason))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.errno.name(), self.reason)
    }
}

/// What the driver would make of it.
pub type Verdict = Result<(), Refusal>;
