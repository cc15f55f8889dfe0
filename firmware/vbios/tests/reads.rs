// SPDX-License-Identifier: GPL-2.0

//! How little is read.

use super::{
    rom::{
        behind_ifr,
        ga100,
        large,
        v2,
        v3, //
    },
    *, //
};

/// Words read to find FWSEC, and then for its code, data and signature.
fn words(rom: &[u8]) -> [usize; 2] {
    let mut source = Counting::new(rom);
    let vbios = Vbios::read(&mut source).unwrap();
    let fwsec = vbios
        .fwsec(&mut source, Application::FwsecProduction)
        .unwrap();
    let found = source.words;
    let mut ucode = vec![0; fwsec.ucode_size()];
    fwsec.read_ucode(&mut source, &mut ucode).unwrap();
    if let Some(signatures) = fwsec.signatures().unwrap() {
        let signature = signatures.choose(1).unwrap();
        signature.read(&mut source, &mut ucode).unwrap();
    }
    fwsec.patch(&mut ucode, frts()).unwrap();
    [found, source.words - found]
}

/// What the numbers consist of: 8 for each of four images, 34 of PciAt up to BIT's signature, 3 for BIT's
/// header, 5 for three tokens and a pointer, 3 for the table, 10 for the descriptor.
#[test]
fn words_read_of_the_small_roms() {
    const FOUND: usize = 4 * 8 + 34 + 3 + 5 + 3 + 10;
    assert_eq!(words(&v3()), [FOUND, 0x700 / 4 + 96]);
    assert_eq!(words(&v2()), [FOUND, 0x700 / 4]);
    // The IFR's six words, of which the first is no longer the first image's too.
    assert_eq!(
        words(&behind_ifr(3, 0x2200, &ga100())),
        [FOUND + 6, 0x700 / 4]
    );
}

/// Of a ROM as large as real ones, with 56 KiB of code and 8 KiB of data, a fifteenth is read.
#[test]
fn words_read_of_a_large_rom() {
    const FOUND: usize = 4 * 8 + (34 + (0x1b0 - 0x80) / 4) + 3 + 5 + 3 + 10;
    let v3 = large(&v3(), 0x1b0, 0xe000, 0x2000);
    let v2 = large(&v2(), 0x1b0, 0xe000, 0x2000);
    assert_eq!((v3.len(), v2.len()), (WINDOW_SIZE, WINDOW_SIZE));
    assert_eq!(words(&v3), [FOUND, 0x1_0000 / 4 + 96]);
    assert_eq!(words(&v2), [FOUND, 0x1_0000 / 4]);
    let read: usize = words(&v3).iter().sum();
    assert!(read * 15 < WINDOW_SIZE / 4);
}

#[test]
fn code_and_data_are_read_at_once() {
    // They are aligned in SYN-V3. Three bytes further they are not, and both ends are read apart.
    let rom = v3();
    for (at, calls) in [(0x142c, 1), (0x142f, 3)] {
        let mut source = Counting::new(&rom);
        let mut out = vec![0; 0x700];
        Reader::new(&mut source).fill(at, &mut out).unwrap();
        assert_eq!(source.calls, calls, "{at:#x}");
        assert_eq!(out, rom[at..at + 0x700]);
    }
}

#[test]
fn a_late_bit_costs_what_is_before_it() {
    let [early, _] = words(&large(&v3(), 0x1b0, 0x300, 0x400));
    let [late, _] = words(&large(&v3(), 0x81b0, 0x300, 0x400));
    assert_eq!(late - early, 0x8000 / 4);
}

/// Wherever the source fails, that is the result, and nothing is read afterwards.
#[test]
fn failures_of_the_source_are_passed_on() {
    let rom = behind_ifr(3, 0x2200, &v3());
    let all = {
        let mut source = Counting::new(&rom);
        run(&mut source).unwrap();
        source.words
    };
    for limit in 0..all {
        let result = run(&mut Counting::failing_after(&rom, limit));
        assert_eq!(result, Err(ReadError::Source(counting::Gone)), "{limit}");
    }
    assert_eq!(run(&mut Counting::failing_after(&rom, all)), Ok(()));
}

fn run(source: &mut Counting<'_>) -> Result<(), ReadError<counting::Gone>> {
    let vbios = Vbios::read(source)?;
    vbios.version(source)?;
    let fwsec = vbios.fwsec(source, Application::FwsecProduction)?;
    let mut ucode = vec![0; fwsec.ucode_size()];
    fwsec.read_ucode(source, &mut ucode)?;
    let signatures = fwsec.signatures()?.expect("signatures");
    signatures.choose(0)?.read(source, &mut ucode)
}
