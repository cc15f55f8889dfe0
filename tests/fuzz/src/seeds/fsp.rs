// SPDX-License-Identifier: GPL-2.0

//! Requests to FSP and its responses.

use super::{
    words,
    Seeds, //
};

const SINGLE_PACKET: u32 = 0xc000_0000;
const RESPONSE: u32 = 0x1510_de7e;
const PRC: u8 = 0x13;
const COT: u8 = 0x14;

pub(super) fn add(seeds: &mut Seeds) {
    responses(seeds);
    settings(seeds);
    requests(seeds);
}

/// A response to `request` without a payload.
fn response(request: u8, code: u32) -> Vec<u8> {
    words(&[SINGLE_PACKET, RESPONSE, 7, request.into(), code])
}

fn responses(seeds: &mut Seeds) {
    let mut add = |name: &str, sent: u8, packet: &[u8]| {
        seeds.add("fsp_response", name, [&[sent], packet].concat());
    };
    add("cot", COT, &response(COT, 0));
    add("prc", PRC, &[response(PRC, 0), words(&[1])].concat());
    let all_bits = [0xffff_ffff, 0x1510_defe, 0xffff_ffff, 0x14, 0];
    add("other-bits", COT, &words(&all_bits));
    add("lie-refused", COT, &response(COT, 0xa1));
    add("lie-request", COT, &response(PRC, 0));
    add(
        "lie-part",
        COT,
        &words(&[0x8000_0000, RESPONSE, 0, 0x14, 0]),
    );
    let echo = [SINGLE_PACKET, 0x1410_de7e, 0, 0x14, 0];
    add("lie-echo", COT, &words(&echo));
}

fn settings(seeds: &mut Seeds) {
    let mut add = |name: &str, packet: &[u8]| {
        seeds.add("prc", name, [&[0x29, 0], packet].concat());
    };
    let told = |value: u32| [response(PRC, 0), words(&[value])].concat();
    add("disabled", &told(0));
    add("enabled", &told(0xabcd_0001));
    add("lie-value", &told(2));
    add("lie-no-value", &response(PRC, 0));
    add("lie-refused", &response(PRC, 0x1e3));
}

fn requests(seeds: &mut Seeds) {
    let low = [0x1_2340_0000, 0x1_2350_0000];
    // The image of the request for them has two pages, the parameters have one.
    let highest = [(1 << 52) - 0x2000, (1 << 52) - 0x1000];
    // Version; bytes of key, signature and image, where an even number means that there is no FRTS; where
    // that is; addresses.
    for (name, version, [key, signature, image], frts, [fmc, parameters]) in [
        ("hopper", 1, [384, 384, 0x8649], 0x20_0000, low),
        ("blackwell", 2, [97, 96, 0x349], 0x1c0_0000, low),
        ("resume", 2, [97, 96, 0x348], 0, low),
        ("highest", 2, [97, 96, 0x2000], 0, highest),
        ("lie-version", 3, [97, 96, 0x349], 0x1c0_0000, low),
        ("lie-key", 1, [385, 384, 0x349], 0x20_0000, low),
        ("lie-frts", 1, [384, 384, 0x349], 0x1000, low),
    ] {
        let mut input = words(&[version | key << 16, signature | image << 16]);
        input.extend(
            [fmc, frts, 0x10_0000, parameters]
                .map(u64::to_le_bytes)
                .as_flattened(),
        );
        input.extend([1; 48]);
        input.extend([2, 3, 4]);
        seeds.add("cot", name, input);
    }
}
