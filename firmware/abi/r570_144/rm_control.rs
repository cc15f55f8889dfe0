// SPDX-License-Identifier: GPL-2.0

//! `rpc_gsp_rm_control`, the payload of `GSP_RM_CONTROL`: calling a method of one of RM's objects.
//!
//! | offset | size | |
//! |---|---|---|
//! | 0 | 4 | `hClient` |
//! | 4 | 4 | `hObject` |
//! | 8 | 4 | `cmd` |
//! | 12 | 4 | `status`, of the answer |
//! | 16 | 4 | `paramsSize` |
//! | 20 | 4 | `flags`, 0 |
//! | 24 | | parameters, of the call and of the answer |
//!
//! A method that fails says so here: the result of the call as a message is then 0 all the same.

use super::{
    status::Status,
    wire::Wire, //
};
use crate::At;
use core::fmt;

/// Bytes in front of the parameters.
pub const HEADER_SIZE: usize = 24;

/// Offsets of the fields that are used, under their published names.
mod at {
    pub(super) const H_CLIENT: usize = 0;
    pub(super) const H_OBJECT: usize = 4;
    pub(super) const CMD: usize = 8;
    pub(super) const STATUS: usize = 12;
    pub(super) const PARAMS_SIZE: usize = 16;
}

/// Which method of which object is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Handle of the client that the object belongs to.
    pub client: u32,
    /// Handle of the object.
    pub object: u32,
    /// Number of the method.
    pub command: u32,
}

/// Why the answer of a method is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlError {
    /// There are fewer bytes than parameters have, and their header.
    Short {
        /// Bytes there are.
        len: usize,
        /// Bytes there should be.
        expected: usize,
    },
    /// It is the answer of another method, or has parameters of another size.
    Other {
        /// The published name of the field that differs.
        name: &'static str,
        /// Its value.
        value: u32,
        /// What it should be.
        expected: u32,
    },
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { len, expected } => {
                write!(f, "answer of {len:#x} bytes instead of {expected:#x}")
            }
            Self::Other {
                name,
                value,
                expected,
            } => write!(f, "{name} is {value:#x} instead of {expected:#x}"),
        }
    }
}

impl core::error::Error for ControlError {}

impl Control {
    /// The bytes in front of `params_size` bytes of parameters.
    pub fn encode(&self, params_size: u32) -> [u8; HEADER_SIZE] {
        let mut header = Wire::<HEADER_SIZE>::zeroed();
        header
            .put_u32::<{ at::H_CLIENT }>(self.client)
            .put_u32::<{ at::H_OBJECT }>(self.object)
            .put_u32::<{ at::CMD }>(self.command)
            .put_u32::<{ at::PARAMS_SIZE }>(params_size);
        header.into_bytes()
    }

    /// Takes the answer of a method with `params_size` bytes of parameters apart: what the method
    /// says of itself, and the parameters.
    ///
    /// # Errors
    ///
    /// [`ControlError`] and where.
    pub fn parse<'a>(
        &self,
        answer: &'a [u8],
        params_size: u32,
    ) -> Result<(Status, &'a [u8]), At<ControlError>> {
        // CAST: widening; a 32-bit number and a small one fit into 64 bits.
        let expected = HEADER_SIZE + params_size as usize;
        let len = answer.len();
        let short = At::new(len, ControlError::Short { len, expected });
        let header = Wire::<HEADER_SIZE>::from_prefix(answer).ok_or(short)?;
        let params = answer.get(HEADER_SIZE..expected).ok_or(short)?;
        for (offset, name, value, expected) in [
            (
                at::CMD,
                "cmd",
                header.get_u32::<{ at::CMD }>(),
                self.command,
            ),
            (
                at::PARAMS_SIZE,
                "paramsSize",
                header.get_u32::<{ at::PARAMS_SIZE }>(),
                params_size,
            ),
        ] {
            if value != expected {
                let reason = ControlError::Other {
                    name,
                    value,
                    expected,
                };
                return Err(At::new(offset, reason));
            }
        }
        Ok((Status(header.get_u32::<{ at::STATUS }>()), params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::{
        poked,
        words, //
    };
    use std::string::ToString;

    const CONTROL: Control = Control {
        client: 0xc1e0_0004,
        object: 0x5d1e_0002,
        command: 0x2080_0a5c,
    };

    #[test]
    fn call_is_as_published() {
        let want = words(&[0xc1e0_0004, 0x5d1e_0002, 0x2080_0a5c, 0, 2068, 0]);
        assert_eq!(CONTROL.encode(2068)[..], want);
    }

    #[test]
    fn answer_has_status_and_parameters() {
        let mut answer = poked(&CONTROL.encode(8), 12, 0x56);
        answer.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        let want = (Status(0x56), &[1, 2, 3, 4, 5, 6, 7, 8][..]);
        assert_eq!(CONTROL.parse(&answer, 8), Ok(want));
        // A later release may append fields.
        answer.push(9);
        assert_eq!(CONTROL.parse(&answer, 8), Ok(want));
    }

    #[test]
    fn other_answers_are_refused() {
        let mut answer = CONTROL.encode(4).to_vec();
        answer.extend([0; 4]);
        for (name, bytes, want) in [
            (
                "without parameters",
                answer[..24].to_vec(),
                "answer of 0x18 bytes instead of 0x1c at offset 0x18",
            ),
            (
                "cut header",
                answer[..23].to_vec(),
                "answer of 0x17 bytes instead of 0x1c at offset 0x17",
            ),
            (
                "of another method",
                poked(&answer, 8, 0x2080_0137),
                "cmd is 0x20800137 instead of 0x20800a5c at offset 0x8",
            ),
            (
                "with other parameters",
                poked(&answer, 16, 5),
                "paramsSize is 0x5 instead of 0x4 at offset 0x10",
            ),
        ] {
            let error = CONTROL.parse(&bytes, 4).unwrap_err();
            assert_eq!(error.to_string(), want, "{name}");
        }
    }
}
