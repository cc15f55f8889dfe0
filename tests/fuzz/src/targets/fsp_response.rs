// SPDX-License-Identifier: GPL-2.0

//! A response of FSP's.
//!
//! | offset | size | input |
//! |---|---|---|
//! | 0 | 1 | NVDM type of the request that was sent |
//! | 1 | | the packet |

use super::{
    is_inside,
    judge,
    print, //
};
use nova_firmware::fsp::{
    mctp::{
        Headers,
        NvdmType, //
    },
    response::{
        Response,
        ResponseError, //
    },
};

pub(super) fn run(data: &[u8]) -> bool {
    let Some((&sent, packet)) = data.split_first() else {
        return false;
    };
    if let Some(headers) = Headers::of(packet) {
        headers.nvdm_type().iter().for_each(print);
    }
    let response = Response::parse(packet, NvdmType(sent));
    judge(&response);
    assert_eq!(response, expected(sent, packet));
    if let Ok(response) = &response {
        assert!(is_inside(response.payload, packet));
    }
    response.is_ok()
}

/// What is to be made of a packet, from its words rather than from its fields.
pub(super) fn expected(sent: u8, packet: &[u8]) -> Result<Response<'_>, ResponseError> {
    if packet.len() < 20 {
        return Err(ResponseError::Short(packet.len()));
    }
    let (head, payload) = packet.split_at(20);
    let words: Vec<u32> = head
        .chunks_exact(4)
        .map(|word| {
            word.iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
        })
        .collect();
    let [transport, message, task_id, answered, code] = words[..] else {
        unreachable!("20 bytes are five words");
    };
    if transport < 0xc000_0000 {
        return Err(ResponseError::NotSinglePacket(transport));
    }
    // Without the highest byte, and without the bit for a check of integrity.
    if message & 0x00ff_ff7f != 0x0010_de7e {
        return Err(ResponseError::NotNvdm(message));
    }
    if message >> 24 != 0x15 {
        return Err(ResponseError::Type(NvdmType(packet[7])));
    }
    if answered != u32::from(sent) {
        let sent = NvdmType(sent);
        return Err(ResponseError::Request { answered, sent });
    }
    if code != 0 {
        let code = nova_firmware::fsp::response::ErrorCode(code);
        return Err(ResponseError::Refused(code));
    }
    Ok(Response { task_id, payload })
}
