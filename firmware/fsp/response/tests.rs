// SPDX-License-Identifier: GPL-2.0

//! Responses as FSP sends them, and as it should not.

use super::*;
use crate::synthetic::{
    poked,
    words, //
};
use proptest::prelude::*;
use std::{
    string::ToString,
    vec::Vec, //
};
use ResponseError::{
    NotNvdm,
    NotSinglePacket,
    Refused,
    Request,
    Short,
    Type, //
};

fn good() -> Vec<u8> {
    words(&[0xc000_0000, 0x1510_de7e, 7, 0x14, 0])
}

fn parse(packet: &[u8]) -> Result<Response<'_>, ResponseError> {
    Response::parse(packet, NvdmType::COT)
}

#[test]
fn a_good_response_is_taken() {
    let want = Response {
        task_id: 7,
        payload: &[],
    };
    assert_eq!(parse(&good()), Ok(want));
}

#[test]
fn what_follows_is_the_payload() {
    let mut packet = good();
    packet.extend([1, 2, 3, 4]);
    assert_eq!(parse(&packet).unwrap().payload, [1, 2, 3, 4]);
}

#[test]
fn what_fsp_may_choose_is_not_looked_at() {
    let good = good();
    for (name, at, value) in [
        ("version", 0, 0xc000_000f),
        ("destination", 0, 0xc000_ff00),
        ("source", 0, 0xc0ff_0000),
        ("tag and owner", 0, 0xcf00_0000),
        ("number of the packet", 0, 0xf000_0000),
        ("task", 8, 0xffff_ffff),
    ] {
        assert!(parse(&poked(&good, at, value)).is_ok(), "{name}");
    }
}

#[test]
fn malformed_responses_are_refused() {
    let good = good();
    for (name, packet, want) in [
        ("nothing", Vec::new(), Short(0)),
        ("8 bytes", good[..8].to_vec(), Short(8)),
        ("16 bytes", good[..16].to_vec(), Short(16)),
        ("18 bytes", good[..18].to_vec(), Short(18)),
        ("19 bytes", good[..19].to_vec(), Short(19)),
        (
            "not the first packet",
            poked(&good, 0, 0x4000_0000),
            NotSinglePacket(0x4000_0000),
        ),
        (
            "not the last packet",
            poked(&good, 0, 0x8000_0000),
            NotSinglePacket(0x8000_0000),
        ),
        (
            "type of message",
            poked(&good, 4, 0x1510_de01),
            NotNvdm(0x1510_de01),
        ),
        ("vendor", poked(&good, 4, 0x1510_027e), NotNvdm(0x1510_027e)),
        (
            "the request itself",
            poked(&good, 4, 0x1410_de7e),
            Type(NvdmType::COT),
        ),
        (
            "another request's",
            poked(&good, 12, 0x13),
            Request {
                answered: 0x13,
                sent: NvdmType::COT,
            },
        ),
        (
            "high bits",
            poked(&good, 12, 0x114),
            Request {
                answered: 0x114,
                sent: NvdmType::COT,
            },
        ),
        (
            "refused",
            poked(&good, 16, 0xa1),
            Refused(ErrorCode::INVALID_DATA),
        ),
        (
            "refused with a high bit",
            poked(&good, 16, 0x8000_0000),
            Refused(ErrorCode(0x8000_0000)),
        ),
    ] {
        assert_eq!(parse(&packet), Err(want), "{name}");
    }
}

#[test]
fn the_first_thing_wrong_is_told() {
    // Each line repairs what the one before complained about.
    let mut packet = words(&[0, 0, 0, 0, 0xa0]);
    assert_eq!(parse(&packet[..19]), Err(Short(19)));
    assert_eq!(parse(&packet), Err(NotSinglePacket(0)));
    packet = poked(&packet, 0, 0xc000_0000);
    assert_eq!(parse(&packet), Err(NotNvdm(0)));
    packet = poked(&packet, 4, 0x1310_de7e);
    assert_eq!(parse(&packet), Err(Type(NvdmType::PRC)));
    packet = poked(&packet, 4, 0x1510_de7e);
    let request = Request {
        answered: 0,
        sent: NvdmType::COT,
    };
    assert_eq!(parse(&packet), Err(request));
    packet = poked(&packet, 12, 0x14);
    assert_eq!(parse(&packet), Err(Refused(ErrorCode::NOT_SUPPORTED)));
}

#[test]
fn errors_print_what_was_sent() {
    for (error, want) in [
        (Short(16), "16 bytes, a response has at least 20"),
        (
            NotSinglePacket(0x8000_0000),
            "a part of a message, by its header 0x80000000",
        ),
        (NotNvdm(0x7e), "no NVDM message, by its header 0x0000007e"),
        (
            Type(NvdmType::COT),
            "message COT (0x14) instead of a response",
        ),
        (
            Request {
                answered: 0x114,
                sent: NvdmType::COT,
            },
            "a response to request 0x114 after COT (0x14)",
        ),
        (
            Refused(ErrorCode::INVALID_STATE),
            "error 0x9e (FSP_ERR_IFS_ERR_INVALID_STATE)",
        ),
        (Refused(ErrorCode(0xff)), "error 0xff"),
    ] {
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn error_codes_are_as_published() {
    for (number, name) in [
        (0x00, "FSP_OK"),
        (0x9e, "FSP_ERR_IFS_ERR_INVALID_STATE"),
        (0x9f, "FSP_ERR_IFR_FILE_NOT_FOUND"),
        (0xa0, "FSP_ERR_IFS_ERR_NOT_SUPPORTED"),
        (0xa1, "FSP_ERR_IFS_ERR_INVALID_DATA"),
        (0x1e3, "FSP_ERR_PRC_ERROR_INVALID_KNOB_ID"),
    ] {
        assert_eq!(ErrorCode(number).name(), Some(name));
    }
    assert_eq!(ErrorCode(0x9d).name(), None);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_only_good_ones_are_taken(
        mut packet in prop::collection::vec(any::<u8>(), 0..64),
        repaired in any::<bool>(),
    ) {
        if repaired {
            for (to, from) in packet.iter_mut().zip(good()) {
                *to = from;
            }
        }
        match parse(&packet) {
            Ok(response) => prop_assert_eq!(response.payload, &packet[20..]),
            Err(error) => prop_assert!(!repaired || error == Short(packet.len())),
        }
    }
}
