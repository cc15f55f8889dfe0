// SPDX-License-Identifier: GPL-2.0

//! NVIDIA's own files, all of them: told apart by name, and taken for the chip whose directory they are in.
//!
//! Built with `--features real-firmware` only. `NOVA_FIRMWARE_DIR` names the directory that holds
//! `nvidia/`, with the files uncompressed: usually `/lib/firmware`.

use nova_hw::chip::Chip;
use nova_inspect::firmware;
use std::{
    fs,
    path::PathBuf, //
};

fn directory() -> PathBuf {
    PathBuf::from(std::env::var_os("NOVA_FIRMWARE_DIR").expect(
        "NOVA_FIRMWARE_DIR is not set; it must name the directory that holds nvidia/, such as /lib/firmware",
    ))
}

#[test]
fn files_of_every_chip_are_taken() {
    let directory = directory();
    for chip in Chip::ALL {
        for file in chip.firmware_files() {
            let path = directory.join(file.path);
            let bytes = fs::read(&path).unwrap();
            let report = firmware::inspect(&path, &bytes, None, None);
            assert_eq!(report.verdict, Ok(()), "{}", report.text());
            let chip_line = format!("\n  chip: {chip}\n");
            assert!(report.text().contains(&chip_line), "{}", report.text());
        }
    }
}

#[test]
fn files_are_told_apart_without_their_names() {
    let directory = directory();
    for chip in [Chip::Tu102, Chip::Ga102, Chip::Gh100] {
        for file in chip.firmware_files() {
            let bytes = fs::read(directory.join(file.path)).unwrap();
            let named = firmware::inspect(file.path.as_ref(), &bytes, None, None);
            let kind =
                |report: &nova_inspect::report::Report| report.json()["found"]["kind"].clone();
            let nameless = firmware::inspect("x".as_ref(), &bytes, None, None);
            assert_eq!(kind(&nameless), kind(&named), "{}", file.path);
            assert_eq!(nameless.verdict, Ok(()), "{}", nameless.text());
        }
    }
}

#[test]
fn files_of_another_chip_are_refused() {
    let directory = directory();
    let read = |path| fs::read(directory.join(path)).unwrap();
    for (path, chip) in [
        ("nvidia/tu102/gsp/gsp-570.144.bin", Chip::Ga102),
        ("nvidia/ga102/gsp/gsp-570.144.bin", Chip::Tu102),
        ("nvidia/ga102/gsp/booter_load-570.144.bin", Chip::Gh100),
        ("nvidia/gh100/gsp/fmc-570.144.bin", Chip::Gb202),
        ("nvidia/gb202/gsp/fmc-570.144.bin", Chip::Ga102),
        ("nvidia/ga102/gsp/gsp-535.113.01.bin", Chip::Ga102),
    ] {
        let report = firmware::inspect(path.as_ref(), &read(path), None, Some(chip));
        assert!(report.verdict.is_err(), "{}", report.text());
    }
}
