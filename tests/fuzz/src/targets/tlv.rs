// SPDX-License-Identifier: GPL-2.0

//! The TLV container, read as each of the files that come in it.

use super::{
    booter,
    fmc,
    generic_bootloader,
    is_inside,
    judge,
    print,
    riscv_bootloader, //
};
use nova_firmware::{
    booter::{
        Booter,
        LoadMethod, //
    },
    fmc::{
        Fmc,
        Scheme, //
    },
    generic_bootloader::GenericBootloader,
    riscv::GspBootloader,
    tlv::{
        GspDescriptor,
        Tag,
        Tlv, //
    },
};

pub(super) fn run(data: &[u8]) -> bool {
    let tlv = Tlv::parse(data);
    judge(&tlv);
    let Ok(tlv) = tlv else { return false };
    print(&tlv.version());
    for tag in [*b"VERS", *b"BLOB", *b"NSIG", *b"\0\0\0\0"].map(Tag) {
        judge(&tlv.number(tag));
        let value = tlv.bytes(tag);
        judge(&value);
        if let Ok((at, value)) = value {
            assert!(data[at..].starts_with(value) && is_inside(value, data));
        }
    }

    let mut accepted = false;
    for method in [LoadMethod::Pio, LoadMethod::Dma] {
        let found = Booter::from_tlv(&tlv, method);
        accepted |= judge(&found);
        if let Ok(found) = &found {
            booter::check(found, data, method);
        }
    }
    for scheme in [Scheme::Rsa3072, Scheme::EcdsaP384] {
        let found = Fmc::from_tlv(&tlv, scheme);
        accepted |= judge(&found);
        if let Ok(found) = &found {
            fmc::check(found, data, scheme);
        }
    }
    let found = GspBootloader::from_tlv(&tlv);
    accepted |= judge(&found);
    if let Ok(found) = &found {
        riscv_bootloader::check(found, data);
    }
    let found = GenericBootloader::from_tlv(&tlv);
    accepted |= judge(&found);
    if let Ok(found) = &found {
        generic_bootloader::check(found, data);
    }
    let found = GspDescriptor::from_tlv(&tlv);
    accepted |= judge(&found);
    if let Ok(found) = &found {
        assert!(!found.file_name.is_empty() && !found.file_name.contains('/'));
        assert!((1..=1 << 30).contains(&found.image_size));
        assert!(is_inside(found.signature, data));
    }
    accepted
}
