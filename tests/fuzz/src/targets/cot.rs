// SPDX-License-Identifier: GPL-2.0

//! The request to start an FMC, made of any numbers and read back field by field.
//!
//! | offset | size | input |
//! |---|---|---|
//! | 0 | 2 | version |
//! | 2 | 2 | bytes of the public key, modulo 512 |
//! | 4 | 2 | bytes of the signature, modulo 512 |
//! | 6 | 2 | whether there is FRTS, in bit 0; bytes of the image |
//! | 8 | 8 | address of the image |
//! | 16 | 8 | from the end of video memory to the end of FRTS |
//! | 24 | 8 | bytes of FRTS, of which 32 bits count |
//! | 32 | 8 | address of the boot parameters |
//! | 40 | 48 | hash |
//! | 88 | | what key and signature are made of, over and over |

use super::judge;
use nova_firmware::{
    fmc::Fmc,
    fsp::cot::{
        Cot,
        CotError,
        Frts,
        PACKET_SIZE, //
    },
};

static IMAGE: [u8; 0x1_0000] = [0; 0x1_0000];

pub(super) fn run(data: &[u8]) -> bool {
    let Some((head, pattern)) = data.split_first_chunk::<88>() else {
        return false;
    };
    let mut head = Fields(head);
    let version = head.next(2) as u16;
    let mut size = || head.next(2) as usize % 512;
    let (key, signature) = (size(), size());
    let image = head.next(2) as usize;
    let fmc_address = head.next(8);
    let frts = Frts {
        end_offset: head.next(8),
        size: head.next(8) as u32,
    };
    let boot_params = head.next(8);
    let hash = head.0.try_into().expect("48 bytes are left");
    let mut material = pattern.to_vec();
    while material.len() < key + signature {
        material.push(0x5a);
        material.extend_from_within(..);
    }
    material.truncate(key + signature);
    let (public_key, signature) = material.split_at(key);
    let fmc = Fmc {
        hash,
        public_key,
        signature,
        image: &IMAGE[..image],
    };
    let cot = Cot {
        version,
        fmc: &fmc,
        fmc_address,
        frts: (image & 1 == 1).then_some(frts),
        boot_params,
    };
    let packet = cot.encode();
    judge(&packet);
    match packet {
        Ok(packet) => {
            check(&cot, &packet);
            true
        }
        Err(error) => {
            assert!(is_true(&cot, error), "{error}");
            false
        }
    }
}

/// Checks that the packet says all of the request, and nothing else.
fn check(cot: &Cot<'_>, packet: &[u8; PACKET_SIZE]) {
    let frts = cot.frts.map_or((0, 0), |it| (it.end_offset, it.size));
    let mut fields = Fields(packet);
    for (name, size, want) in [
        ("MCTP", 4, 0xc000_0000),
        ("NVDM", 4, 0x1410_de7e),
        ("version", 2, cot.version.into()),
        ("size", 2, 860),
        ("FMC", 8, cot.fmc_address),
        ("FRTS in system memory", 8, 0),
        ("size of that", 4, 0),
        ("FRTS", 8, frts.0),
        ("size of FRTS", 4, frts.1.into()),
    ] {
        assert_eq!(fields.next(size), want, "{name}");
    }
    for (name, size, want) in [
        ("hash", 48, &cot.fmc.hash[..]),
        ("public key", 384, cot.fmc.public_key),
        ("signature", 384, cot.fmc.signature),
    ] {
        let (value, zeros) = fields.take(size).split_at(want.len());
        assert!(
            value == want && zeros.iter().all(|&byte| byte == 0),
            "{name}"
        );
    }
    assert_eq!(fields.next(8), cot.boot_params);
    assert!(fields.0.is_empty());

    // What FSP can carry out, which `encode` has to know.
    assert!(matches!(cot.version, 1 | 2));
    assert!(reachable(cot.fmc_address, cot.fmc.image.len()) && reachable(cot.boot_params, 80));
    assert!(cot.frts.is_none_or(is_possible));
    assert!(!cot.fmc.public_key.is_empty() && !cot.fmc.signature.is_empty());
}

/// Whether the request has the mistake that it was refused for.
fn is_true(cot: &Cot<'_>, error: CotError) -> bool {
    match error {
        CotError::Version(version) => version == cot.version && !(1..=2).contains(&version),
        CotError::Address("FMC", address) => {
            address == cot.fmc_address && !reachable(address, cot.fmc.image.len())
        }
        CotError::Address(_, address) => address == cot.boot_params && !reachable(address, 4096),
        CotError::Size(part, size) => {
            let bytes = match part {
                "public key" => cot.fmc.public_key,
                _ => cot.fmc.signature,
            };
            size == bytes.len() && !(1..=384).contains(&size)
        }
        CotError::Frts(frts) => cot.frts == Some(frts) && !is_possible(frts),
    }
}

/// Whether FSP can read `size` bytes from there on.
fn reachable(address: u64, size: usize) -> bool {
    address != 0 && address & 0xfff == 0 && u128::from(address) + size as u128 <= 1 << 52
}

fn is_possible(frts: Frts) -> bool {
    let Frts { end_offset, size } = frts;
    end_offset != 0 && size != 0 && (end_offset | u64::from(size)) & 0x1_ffff == 0
}

/// Bytes that are read from the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, size: usize) -> &'a [u8] {
        let (field, rest) = self.0.split_at(size);
        self.0 = rest;
        field
    }

    /// A number of up to 8 bytes.
    fn next(&mut self, size: usize) -> u64 {
        let bytes = self.take(size).iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
