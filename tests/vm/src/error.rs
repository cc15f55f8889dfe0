// SPDX-License-Identifier: GPL-2.0

//! The harness's own errors: a sentence for a person, built from the inside out.

use std::fmt;

/// What went wrong in the harness itself (never a test verdict).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

/// Result with the harness's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that says `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Adds what was being done to an error that only knows what failed.
pub trait Context<T> {
    /// Prefixes the error with `what()` and a colon.
    fn context<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|e| Error(format!("{}: {e}", what().into())))
    }
}
