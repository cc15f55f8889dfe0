// SPDX-License-Identifier: GPL-2.0

//! Asking for a setting of the card: the request for any, and what any packet tells.
//!
//! | offset | size | input |
//! |---|---|---|
//! | 0 | 2 | number of the setting |
//! | 2 | | the response |

use super::{
    fsp_response,
    judge, //
};
use nova_firmware::fsp::prc::{
    self,
    Knob,
    PrcError,
    VgpuMode, //
};

pub(super) fn run(data: &[u8]) -> bool {
    let Some((knob, packet)) = data.split_first_chunk() else {
        return false;
    };
    let request = prc::read(Knob(u16::from_le_bytes(*knob)));
    assert_eq!(request[..4], [0, 0, 0, 0xc0]);
    assert_eq!(request[4..8], [0x7e, 0xde, 0x10, 0x13]);
    assert_eq!(
        (&request[8..10], &request[10..]),
        (&[0x0c, 2][..], &knob[..])
    );

    let value = prc::parse_value(packet);
    judge(&value);
    let expected = match (fsp_response::expected(0x13, packet), packet.get(20..24)) {
        (Err(error), _) => Err(PrcError::Response(error)),
        (Ok(_), None) => Err(PrcError::NoValue(packet.len())),
        (Ok(_), Some(value)) => Ok(u16::from(value[0]) | u16::from(value[1]) << 8),
    };
    assert_eq!(value, expected);

    let mode = prc::parse_vgpu_mode(packet);
    judge(&mode);
    let known = match value {
        Ok(0) => Ok(VgpuMode::Disabled),
        Ok(1) => Ok(VgpuMode::Enabled),
        Ok(value) => Err(PrcError::Value(value)),
        Err(error) => Err(error),
    };
    assert_eq!(mode, known);
    mode.is_ok()
}
