// SPDX-License-Identifier: GPL-2.0

//! PRC, product reconfiguration control: asking for a setting of the card.
//!
//! | offset | size | request | response |
//! |---|---|---|---|
//! | 0 | 8 | headers, NVDM type PRC | |
//! | 8 | 1 | 12: read | [as all](super::response) |
//! | 9 | 1 | 2: what is in effect now | |
//! | 10 | 2 | number of the setting, the "knob" | |
//! | 20 | 2 | | its value |
//! | 22 | 2 | | anything |
//!
//! The byte at 9 is read as flags by some and as the number of bytes to be returned by others, and is the
//! same for both. Which is right is not known.

use super::{
    mctp::{
        Headers,
        NvdmType,
        HEADERS_SIZE, //
    },
    response::{
        Response,
        ResponseError,
        SIZE as RESPONSE_SIZE, //
    },
};
use crate::{
    bytes::u16_at,
    wire::Wire, //
};
use core::fmt;

/// Bytes of a request.
pub const REQUEST_SIZE: usize = HEADERS_SIZE + 4;

/// Bytes of a response with a value.
pub const REPLY_SIZE: usize = RESPONSE_SIZE + 4;

/// Offsets of a request's fields.
mod at {
    pub(super) const SUB_MESSAGE: usize = 8;
    pub(super) const FLAGS: usize = 9;
    pub(super) const KNOB: usize = 10;
}

const READ: u8 = 0x0c;
const ACTIVE: u8 = 2;

/// A setting, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knob(pub u16);

impl Knob {
    /// Whether the card is divided among virtual machines.
    pub const VGPU_MODE: Self = Self(0x29);
}

/// Whether the card is divided among virtual machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VgpuMode {
    /// It is not.
    Disabled,
    /// It is, among as many as it has virtual functions.
    Enabled,
}

/// Why a setting is not known after asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrcError {
    /// The packet is not a good response.
    Response(ResponseError),
    /// The response has so many bytes only, and no value.
    NoValue(usize),
    /// The value is none the setting can have.
    Value(u16),
}

/// As of [`ResponseError`].
impl fmt::Display for PrcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(error) => error.fmt(f),
            Self::NoValue(size) => {
                write!(f, "{size} bytes, a setting takes at least {REPLY_SIZE}")
            }
            Self::Value(value) => write!(f, "the unknown value {value:#x}"),
        }
    }
}

impl core::error::Error for PrcError {}

/// The packet that asks for the value of `knob` in effect.
pub fn read(knob: Knob) -> [u8; REQUEST_SIZE] {
    let mut packet = Wire::zeroed();
    Headers::single_packet(NvdmType::PRC).put(&mut packet);
    packet
        .put_u8::<{ at::SUB_MESSAGE }>(READ)
        .put_u8::<{ at::FLAGS }>(ACTIVE)
        .put::<{ at::KNOB }, 2>(knob.0.to_le_bytes());
    packet.into_bytes()
}

/// The value that `packet`, the response to [`read`], tells.
///
/// # Errors
///
/// [`PrcError::Response`] and [`PrcError::NoValue`].
pub fn parse_value(packet: &[u8]) -> Result<u16, PrcError> {
    let response = Response::parse(packet, NvdmType::PRC).map_err(PrcError::Response)?;
    if response.payload.len() < REPLY_SIZE - RESPONSE_SIZE {
        return Err(PrcError::NoValue(packet.len()));
    }
    u16_at(response.payload, 0).ok_or(PrcError::NoValue(packet.len()))
}

/// The packet that asks for the [`VgpuMode`].
pub fn read_vgpu_mode() -> [u8; REQUEST_SIZE] {
    read(Knob::VGPU_MODE)
}

/// What `packet`, the response to [`read_vgpu_mode`], tells.
///
/// # Errors
///
/// [`PrcError`].
pub fn parse_vgpu_mode(packet: &[u8]) -> Result<VgpuMode, PrcError> {
    match parse_value(packet)? {
        0 => Ok(VgpuMode::Disabled),
        1 => Ok(VgpuMode::Enabled),
        value => Err(PrcError::Value(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fsp::response::ErrorCode,
        synthetic::{
            poked,
            words, //
        },
    };
    use proptest::prelude::*;
    use std::{
        string::ToString,
        vec::Vec, //
    };

    fn reply(value: u32) -> Vec<u8> {
        words(&[0xc000_0000, 0x1510_de7e, 3, 0x13, 0, value])
    }

    #[test]
    fn the_request_for_the_vgpu_mode_is_as_published() {
        let want = [
            0x00, 0x00, 0x00, 0xc0, 0x7e, 0xde, 0x10, 0x13, 0x0c, 0x02, 0x29, 0x00,
        ];
        assert_eq!(read_vgpu_mode(), want);
        assert_eq!(read(Knob(0x1234))[10..], [0x34, 0x12]);
    }

    #[test]
    fn what_follows_the_value_is_ignored() {
        for (value, want) in [
            (0, VgpuMode::Disabled),
            (1, VgpuMode::Enabled),
            (0xabcd_0000, VgpuMode::Disabled),
            (0xffff_0001, VgpuMode::Enabled),
        ] {
            assert_eq!(parse_vgpu_mode(&reply(value)), Ok(want), "{value:#x}");
        }
        let mut long = reply(1);
        long.extend([9; 8]);
        assert_eq!(parse_vgpu_mode(&long), Ok(VgpuMode::Enabled));
    }

    #[test]
    fn other_values_are_no_mode() {
        for value in [2, 0xff, 0x100, 0xffff] {
            assert_eq!(parse_value(&reply(value.into())), Ok(value));
            let error = parse_vgpu_mode(&reply(value.into())).unwrap_err();
            assert_eq!(error, PrcError::Value(value));
        }
        let error = PrcError::Value(2).to_string();
        assert_eq!(error, "the unknown value 0x2");
    }

    #[test]
    fn bad_responses_tell_nothing() {
        let good = reply(1);
        for (name, packet, want) in [
            (
                "no value",
                good[..20].to_vec(),
                "20 bytes, a setting takes at least 24",
            ),
            (
                "half a value",
                good[..22].to_vec(),
                "22 bytes, a setting takes at least 24",
            ),
            (
                "short",
                good[..16].to_vec(),
                "16 bytes, a response has at least 20",
            ),
            (
                "to a COT",
                poked(&good, 12, 0x14),
                "a response to request 0x14 after PRC (0x13)",
            ),
            (
                "no such setting",
                poked(&good, 16, 0x1e3),
                "error 0x1e3 (FSP_ERR_PRC_ERROR_INVALID_KNOB_ID)",
            ),
        ] {
            let error = parse_vgpu_mode(&packet).unwrap_err();
            assert_eq!(error.to_string(), want, "{name}");
        }
        // A refusal has no value, and is still a refusal.
        let refusal = words(&[0xc000_0000, 0x1510_de7e, 3, 0x13, 0x1e3]);
        let want = ResponseError::Refused(ErrorCode::INVALID_KNOB_ID);
        assert_eq!(parse_value(&refusal), Err(PrcError::Response(want)));
    }

    proptest! {
        #[test]
        fn values_come_back(value: u16, garbage: u16) {
            let packet = reply(u32::from(garbage) << 16 | u32::from(value));
            prop_assert_eq!(parse_value(&packet), Ok(value));
        }
    }
}
