// SPDX-License-Identifier: GPL-2.0

//! Results of calls: `NV_STATUS`, and those of the call mechanism itself.

use core::fmt;

/// A result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

/// What a failed call means to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no memory for it.
    NoMemory,
    /// It may work if tried again.
    Busy,
    /// GSP-RM cannot do that on this GPU.
    NotSupported,
    /// Any other.
    Other,
}

impl Status {
    /// All is well.
    pub const OK: Self = Self(0);
    /// There is no result yet, as in all calls before they are answered.
    pub const PENDING: Self = Self(0xffff_ffff);

    /// The result as one the caller can act on.
    ///
    /// # Errors
    ///
    /// [`Failure`], if the call failed.
    pub const fn check(self) -> Result<(), Failure> {
        match self.0 {
            0 => Ok(()),
            0x51 => Err(Failure::NoMemory),
            0x03 | 0x55 | 0x66 => Err(Failure::Busy),
            0x56 => Err(Failure::NotSupported),
            _ => Err(Failure::Other),
        }
    }

    /// The name, of the more frequent ones.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x00 => "ok",
            0x03 => "busy, retry",
            0x1a => "insufficient resources",
            0x1f => "invalid argument",
            0x22 => "invalid class",
            0x23 => "invalid client",
            0x24 => "invalid command",
            0x25 => "invalid data",
            0x2a => "invalid function",
            0x31 => "invalid object",
            0x33 => "invalid object handle",
            0x3a => "invalid parameter structure",
            0x40 => "invalid state",
            0x51 => "no memory",
            0x55 => "not ready",
            0x56 => "not supported",
            0x57 => "object not found",
            0x63 => "state in use",
            0x65 => "timeout",
            0x66 => "timeout, retry",
            0xffff => "generic error",
            0xff10_0001 => "unknown function",
            0xff10_0002 => "invalid message format",
            0xff10_0003 => "handle not found",
            0xff10_0004 => "handle exists",
            0xff10_0009 => "control call not supported",
            0xffff_ffff => "pending",
            _ => return None,
        })
    }
}

/// `status <number> (<name>)`, or without the name.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {:#x}", self.0)?;
        match self.name() {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Failure,
        Status, //
    };
    use std::string::ToString;

    #[test]
    fn results_are_told_apart() {
        for (number, want, text) in [
            (0, Ok(()), "status 0x0 (ok)"),
            (0x03, Err(Failure::Busy), "status 0x3 (busy, retry)"),
            (0x51, Err(Failure::NoMemory), "status 0x51 (no memory)"),
            (0x55, Err(Failure::Busy), "status 0x55 (not ready)"),
            (
                0x56,
                Err(Failure::NotSupported),
                "status 0x56 (not supported)",
            ),
            (0x66, Err(Failure::Busy), "status 0x66 (timeout, retry)"),
            (0x1f, Err(Failure::Other), "status 0x1f (invalid argument)"),
            (0x1234_5678, Err(Failure::Other), "status 0x12345678"),
            (
                0xff10_0001,
                Err(Failure::Other),
                "status 0xff100001 (unknown function)",
            ),
            (
                Status::PENDING.0,
                Err(Failure::Other),
                "status 0xffffffff (pending)",
            ),
        ] {
            assert_eq!(Status(number).check(), want, "{text}");
            assert_eq!(Status(number).to_string(), text);
        }
    }
}
