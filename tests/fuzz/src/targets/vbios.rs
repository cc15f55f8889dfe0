// SPDX-License-Identifier: GPL-2.0

//! A dump of a card's ROM, from the first image to FWSEC ready to run.

use super::{
    judge,
    print, //
};
use nova_firmware::vbios::{
    Application,
    Command,
    Dump,
    FrtsRegion,
    Fwsec,
    Images,
    RomSource,
    Vbios,
    WINDOW_SIZE, //
};
use std::convert::Infallible;

/// A parser that reads more than so many bytes is not going to end.
const LIMIT: usize = 16 * WINDOW_SIZE;

/// A dump that counts, and holds readers to the contract of [`RomSource`].
struct Strict<'a> {
    dump: Dump<'a>,
    read: usize,
}

impl RomSource for Strict<'_> {
    type Error = Infallible;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Infallible> {
        assert!(offset % 4 == 0 && out.len() % 4 == 0, "whole words only");
        assert!(!out.is_empty() && offset + out.len() <= WINDOW_SIZE);
        self.read += out.len();
        assert!(self.read <= LIMIT, "no ROM has so many bytes");
        self.dump.read(offset, out)
    }
}

pub(super) fn run(data: &[u8]) -> bool {
    let mut rom = Strict {
        dump: Dump(data),
        read: 0,
    };
    images(&mut rom);
    let vbios = Vbios::read(&mut rom);
    if !judge(&vbios) {
        return false;
    }
    let Ok(vbios) = vbios else { return false };
    let (pci_at, fwsec) = (vbios.pci_at(), vbios.fwsec_region());
    assert!(pci_at.start < pci_at.end && pci_at.end <= fwsec.start);
    assert!(fwsec.start < fwsec.end && fwsec.end <= WINDOW_SIZE);
    assert!(pci_at.contains(&vbios.bit_offset()));
    let _ = vbios.bit_checksum_matches();
    let version = vbios.version(&mut rom);
    if let Ok(Some(version)) = &version {
        print(version);
    }
    judge(&version);

    let mut accepted = false;
    for application in [Application::FwsecProduction, Application::FwsecDebug] {
        let found = vbios.fwsec(&mut rom, application);
        judge(&found);
        if let Ok(found) = found {
            accepted |= prepare(&found, &mut rom);
        }
    }
    accepted
}

fn images(rom: &mut Strict<'_>) {
    let Ok(images) = Images::new(rom) else { return };
    let mut end = None;
    for image in images {
        if !judge(&image) {
            break;
        }
        let Ok(image) = image else { break };
        let range = image.range;
        assert!(range.start < range.end && range.end <= WINDOW_SIZE && range.len() % 512 == 0);
        assert!(
            end.is_none_or(|end| end == range.start),
            "images follow each other"
        );
        end = Some(range.end);
    }
}

/// All that is done with FWSEC before it runs; gives whether it could.
fn prepare(fwsec: &Fwsec, rom: &mut Strict<'_>) -> bool {
    let size = fwsec.ucode_size();
    assert!(size <= WINDOW_SIZE);
    let mut ucode = vec![0; size];
    if !judge(&fwsec.read_ucode(rom, &mut ucode)) {
        return false;
    }
    let loadable = loads(fwsec, size);

    let signatures = fwsec.signatures();
    judge(&signatures);
    if let Ok(Some(signatures)) = &signatures {
        assert!((1..=16).contains(&signatures.ucode_id()));
        for fuse in [0, 1, 2, 3, 0x80, 0x8000, 0xffff, 0x10000, u32::MAX] {
            let chosen = signatures.choose(fuse);
            judge(&chosen);
            let Ok(chosen) = chosen else { continue };
            let before = ucode.clone();
            chosen
                .read(rom, &mut ucode)
                .expect("a signature that was chosen is there");
            let place = chosen.place();
            assert_eq!(before[..place.start], ucode[..place.start]);
            assert_eq!(before[place.end..], ucode[place.end..]);
        }
    }

    let region = FrtsRegion::new(0x5_ffe0_0000, 1 << 20).expect("a region like any other");
    let mut patched = true;
    for command in [Command::Frts(region), Command::Sb] {
        let mut copy = ucode.clone();
        let result = fwsec.patch(&mut copy, command);
        patched &= judge(&result);
        assert!(result.is_ok() || copy == ucode, "a failure changes nothing");
    }
    loadable && signatures.is_ok() && patched
}

/// Whether one of the two ways of loading is possible; checks what they promise.
fn loads(fwsec: &Fwsec, size: usize) -> bool {
    let direct = fwsec.dma_load();
    judge(&direct);
    if let Ok(load) = &direct {
        assert!(load.object_size % 256 == 0 && load.object_size as usize >= size);
        for transfer in [load.imem, load.dmem] {
            let len = u64::from(transfer.blocks) * 256;
            assert!(transfer.source % 256 == 0);
            assert!(u64::from(transfer.source) + len <= u64::from(load.object_size));
            assert!(u64::from(transfer.destination) + len <= 1 << 24);
        }
    }
    let indirect = fwsec.bootloader_load();
    judge(&indirect);
    if let Ok(load) = &indirect {
        let object = u64::from(load.object_size);
        for region in [load.unsecure_code, load.secure_code, load.data] {
            assert!(u64::from(region.offset) + u64::from(region.size) <= object);
        }
        assert!(load.padding as usize + size == load.object_size as usize);
        for address in [0, 0x1234_5600, 0x1234_5678, u64::MAX - 0xff] {
            judge(&load.descriptor(address));
        }
    }
    direct.is_ok() || indirect.is_ok()
}
