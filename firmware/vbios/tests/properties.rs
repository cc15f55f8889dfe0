// SPDX-License-Identifier: GPL-2.0

//! What holds for every ROM, however damaged.

use super::{
    rom::{
        behind_ifr,
        v2,
        v3, //
    },
    *, //
};
use crate::synthetic::mutations;
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};

/// Bytes at which the made-up ROMs' images, tables and headers are.
const STRUCTURES: [Range<usize>; 7] = [
    0..0x70,
    0x80..0xb4,
    0x800..0x86c,
    0xc00..0xc6c,
    0x1000..0x1092,
    0x1100..0x113c,
    0x172c..0x17ac,
];

/// Does all that can be done with a ROM; gives how far that went.
///
/// The source checks that reading ends and stays inside the window; that results are inside
/// their limits is checked here.
fn exercise(rom: &[u8], fuse: u32) -> usize {
    let mut source = Counting::new(rom);
    if let Ok(images) = Images::new(&mut source) {
        let mut at = None;
        for image in images.map_while(Result::ok) {
            assert!(at.is_none_or(|at| at == image.range.start));
            assert!(!image.range.is_empty() && image.range.end <= WINDOW_SIZE);
            assert_eq!((image.range.start % 512, image.range.end % 512), (0, 0));
            at = Some(image.range.end);
        }
    }
    let mut source = Counting::new(rom);
    let Ok(vbios) = Vbios::read(&mut source) else {
        return 0;
    };
    let _ = vbios.version(&mut source);
    assert!(vbios.pci_at().end <= vbios.fwsec_region().start);
    assert!(vbios.fwsec_region().end <= WINDOW_SIZE);
    let Ok(fwsec) = vbios.fwsec(&mut source, Application::FwsecProduction) else {
        return 1;
    };
    assert!(vbios.fwsec_region().contains(&fwsec.offset()));
    assert!(fwsec.ucode().start >= fwsec.offset());
    assert!(fwsec.ucode().end <= vbios.fwsec_region().end);
    let original = ucode(rom, &fwsec);
    exercise_loads(&fwsec);
    exercise_signatures(rom, &fwsec, &original, fuse);
    exercise_commands(&fwsec, &original)
}

fn exercise_loads(fwsec: &Fwsec) {
    let size = fwsec.ucode_size() as u32;
    if let Ok(load) = fwsec.bootloader_load() {
        assert_eq!(load.object_size, load.padding + size);
        assert_eq!(load.data.offset + load.data.size, load.object_size);
        let secure_end = load.secure_code.offset + load.secure_code.size;
        assert!(secure_end <= load.data.offset);
        assert!(load.unsecure_code.offset + load.unsecure_code.size <= load.data.offset);
        assert!(load.descriptor(0x1000).is_ok());
    }
    if let Ok(load) = fwsec.dma_load() {
        assert_eq!(load.object_size, size.next_multiple_of(256));
        assert_eq!(load.imem.blocks * 256, load.dmem.source);
        let end = load.dmem.source + load.dmem.blocks * 256;
        assert_eq!(end, load.object_size);
    }
}

fn exercise_signatures(rom: &[u8], fwsec: &Fwsec, original: &[u8], fuse: u32) {
    let Ok(Some(signatures)) = fwsec.signatures() else {
        return;
    };
    let Ok(signature) = signatures.choose(fuse) else {
        return;
    };
    assert!(signature.offset() + SIGNATURE_SIZE <= fwsec.ucode().start);
    let mut signed = original.to_vec();
    signature
        .read(&mut Counting::new(rom), &mut signed)
        .expect("inside the ROM");
    let place = signature.place();
    assert_eq!(signed[..place.start], original[..place.start]);
    assert_eq!(signed[place.end..], original[place.end..]);
}

fn exercise_commands(fwsec: &Fwsec, original: &[u8]) -> usize {
    let mut frts_ucode = original.to_vec();
    let mut sb_ucode = original.to_vec();
    let frts_result = fwsec.patch(&mut frts_ucode, frts());
    let sb_result = fwsec.patch(&mut sb_ucode, Command::Sb);
    for (result, ucode, most) in [
        (frts_result, &frts_ucode, 4 + 44),
        (sb_result, &sb_ucode, 4 + 24),
    ] {
        let changed = ucode.iter().zip(original).filter(|(a, b)| a != b).count();
        assert!(changed <= if result.is_ok() { most } else { 0 });
    }
    // Its command is shorter, and all else is the same.
    assert!(frts_result.is_err() || sb_result.is_ok());
    if frts_result.is_ok() {
        3
    } else {
        2
    }
}

/// Some bytes of a ROM and what they are replaced with: often one that tempts arithmetic.
fn edits() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let place = (0..STRUCTURES.len(), any::<prop::sample::Index>()).prop_map(|(part, index)| {
        let range = STRUCTURES[part].clone();
        range.start + index.index(range.len())
    });
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(&[0, 1, 2, 3, 4, 0x7f, 0x80, 0xfe, 0xff][..]),
    ];
    any_vec((place, byte), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn damaged_roms_do_not_panic(edits in edits(), fuse in 0u32..0x1_0000, ifr in 0u8..5, second in any::<bool>()) {
        let mut rom = if second { v2() } else { v3() };
        for (at, byte) in edits {
            rom[at] = byte;
        }
        exercise(&rom, fuse);
        exercise(&behind_ifr(ifr, 0x2200, &rom), fuse);
    }

    #[test]
    fn damaged_ifr_headers_do_not_panic(edits in any_vec((0usize..0x50, any::<u8>()), 0..4), directory in any_vec((0x2000usize..0x200c, any::<u8>()), 0..3), version in 1u8..4) {
        let mut rom = behind_ifr(version, 0x2200, &v3());
        for (at, byte) in edits.into_iter().chain(directory) {
            if at >= 4 {
                rom[at] = byte;
            }
        }
        exercise(&rom, 0);
    }

    #[test]
    fn random_bytes_do_not_panic(mut rom in any_vec(any::<u8>(), 0..0x1000), pcir in 0u16..0x400) {
        // A beginning that gets past the first checks.
        for (at, byte) in [(0, 0x55), (1, 0xaa), (0x18, pcir as u8), (0x19, (pcir >> 8) as u8)] {
            if let Some(place) = rom.get_mut(at) {
                *place = byte;
            }
        }
        if let Some(place) = rom.get_mut(usize::from(pcir)..usize::from(pcir) + 4) {
            place.copy_from_slice(b"PCIR");
        }
        exercise(&rom, 0);
    }

    #[test]
    fn signatures_are_chosen_in_ascending_order(versions: u16, count in 1u8..3, fuse in 0u32..0x1_0000) {
        let mut rom = v3();
        rom[0x1127] = count;
        rom[0x1128..0x112a].copy_from_slice(&versions.to_le_bytes());
        // The versions that have signatures, as a list; the fuse's version by its digits.
        let listed: Vec<u32> = (0..16).filter(|bit| versions >> bit & 1 == 1).collect();
        let wanted = format!("{fuse:b}").trim_start_matches('0').len() as u32;
        let position = listed.iter().position(|&version| version == wanted);
        let want = position.filter(|&position| position < usize::from(count));
        let signatures = find(&rom).unwrap().signatures().unwrap().unwrap();
        let chosen = signatures.choose(fuse).ok().map(|it| (it.offset() - 0x112c) / SIGNATURE_SIZE);
        prop_assert_eq!(chosen, want);
    }

    #[test]
    fn regions_are_encoded_in_pages(page: u32, pages in 1u32..) {
        let end = u64::from(page) + u64::from(pages) <= 1 << 32;
        let region = FrtsRegion::new(u64::from(page) << 12, u64::from(pages) << 12);
        prop_assert_eq!(region.is_ok(), end);
        if let Ok(region) = region {
            let bytes = Command::Frts(region).encode();
            prop_assert_eq!(&bytes[0x20..0x24], page.to_le_bytes());
            prop_assert_eq!(&bytes[0x24..0x28], pages.to_le_bytes());
        }
    }

    #[test]
    fn readers_give_the_bytes_at_any_offset(at in 0usize..0x1c40, len in 0usize..0x40) {
        let rom = v3();
        let mut want = rom.clone();
        want.resize(0x1c80, 0xff);
        let mut got = vec![0; len];
        Reader::new(&mut Counting::new(&rom)).fill(at, &mut got).unwrap();
        prop_assert_eq!(&got, &want[at..at + len]);
        let bytes: [u8; 7] = Reader::new(&mut Counting::new(&rom)).bytes(at).unwrap();
        prop_assert_eq!(&bytes, &want[at..at + 7]);
    }
}

#[test]
fn damage_to_any_word_does_not_panic() {
    for rom in [v3(), v2()] {
        // How many got how far, so that it is known that damage everywhere was tried.
        let mut reached = [0; 4];
        for range in STRUCTURES {
            // The structures are changed word by word, at every byte.
            let (before, after) = (&rom[..range.start], &rom[range.end..]);
            for part in mutations(&rom[range.clone()], range.len()) {
                let rom = [before, &part, after].concat();
                reached[exercise(&rom, 1)] += 1;
            }
        }
        assert!(reached.iter().all(|&number| number > 50), "{reached:?}");
    }
}
