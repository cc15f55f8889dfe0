// SPDX-License-Identifier: GPL-2.0

//! The chain of trust: what FSP accepts, and everything that it refuses.

use std::ops::Range;

use super::{
    firmware::Fmc,
    machine::*, //
};
use crate::{
    chips::CHIPS,
    fsp::{
        Accepted,
        GspState, //
    },
    phase::Stage,
};

const IMAGE: u64 = RAM + 0x10_0000;
const PARAMS: u64 = RAM + 0x5000;
/// Bytes of the body; the image does not end with a page.
const BODY: u32 = 0x2608;

/// A machine with an image in its memory, and a packet that starts it.
pub(crate) struct Boot {
    pub(crate) machine: Machine,
    pub(crate) fmc: Fmc,
    pub(crate) packet: Vec<u8>,
}

impl Boot {
    pub(crate) fn new(chip: &str) -> Self {
        Self::with_faults(chip, &[])
    }

    pub(crate) fn with_faults(chip: &str, faults: &[&str]) -> Self {
        let machine = Machine::with_faults(chip, faults);
        let fmc = Fmc::new(machine.chip, BODY);
        machine.put(IMAGE, &fmc.image);
        let packet = fmc.packet(machine.chip, IMAGE, PARAMS);
        Self {
            machine,
            fmc,
            packet,
        }
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.packet[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Sends the packet; returns the error code.
    pub(crate) fn send(&mut self) -> u32 {
        let answer = self.machine.exchange(&self.packet).unwrap();
        assert_eq!(answer.len(), 5);
        assert_eq!(answer[..4], [0xc000_0000, 0x1510_de7e, 3, 0x14]);
        answer[4]
    }
}

fn frts(chip: &str) -> Range<u64> {
    let end = VRAM
        - match chip {
            "gh100" => 0x20_0000,
            _ => 0x1c0_0000,
        };
    end - 0x10_0000..end
}

#[test]
fn every_chip_that_fsp_boots_is_started() {
    let chips = CHIPS.iter().filter(|chip| chip.family.boots_by_fsp());
    let mut seen = 0;
    for chip in chips {
        let mut boot = Boot::new(chip.name);
        assert_eq!(boot.send(), 0, "{}", chip.name);
        boot.machine.assert_clean();
        let want = Accepted {
            fmc: IMAGE..IMAGE + 0x2650,
            boot_params: PARAMS,
            frts: Some(frts(chip.name)),
        };
        assert_eq!(boot.machine.accepted, [want], "{}", chip.name);
        assert_eq!(boot.machine.stages, [Stage::CotSent]);
        let transfers = &boot.machine.transfers;
        assert_eq!((transfers.len(), transfers[0].len), (1, 0x2650));
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[test]
fn frts_lies_where_the_specification_says_on_real_boards() {
    for (chip, gib, want) in [
        ("gh100", 80, 0x13_ffd0_0000..0x13_ffe0_0000),
        ("gb202", 32, 0x7_fe30_0000..0x7_fe40_0000),
        ("gb100", 180, 0x2c_fe30_0000..0x2c_fe40_0000),
    ] {
        let mut boot = Boot::new(chip);
        boot.machine.set_vram(gib << 30);
        assert_eq!(boot.send(), 0, "{chip}");
        assert_eq!(boot.machine.accepted[0].frts, Some(want), "{chip}");
    }
}

#[test]
fn without_frts_a_resume_is_meant() {
    let mut boot = Boot::new("gb202");
    boot.put(0x20, &[0; 12]);
    assert_eq!(boot.send(), 0);
    assert_eq!(boot.machine.accepted[0].frts, None);
    boot.machine.assert_clean();
}

#[test]
fn the_answer_comes_with_the_acceptance_and_not_before() {
    let mut boot = Boot::new("gh100");
    boot.machine.send(&boot.packet);
    boot.machine.wait(4_000);
    assert_eq!(boot.machine.read(MSGQ_TAIL), 0);
    assert_eq!(boot.machine.accepted, []);
    boot.machine.wait(1_000);
    assert_eq!(boot.machine.accepted.len(), 1);
    assert_eq!(boot.machine.read(MSGQ_TAIL), 0x10);
}

#[test]
fn a_gsp_that_does_not_run_can_be_started_again() {
    for gsp in [GspState::Off, GspState::Halted, GspState::Failed] {
        let mut boot = Boot::new("gb100");
        boot.machine.gsp = gsp;
        assert_eq!(boot.send(), 0, "{gsp:?}");
        boot.machine.assert_clean();
    }
    for gsp in [GspState::Starting, GspState::Running] {
        let mut boot = Boot::new("gb100");
        boot.machine.gsp = gsp;
        assert_eq!(boot.send(), 0x9e, "{gsp:?}");
        assert_eq!(boot.machine.broken(), ["FSP-12"], "{gsp:?}");
        assert_eq!(boot.machine.accepted, []);
    }
}

#[test]
fn a_refused_message_can_be_followed_by_a_right_one() {
    let mut boot = Boot::new("gh100");
    let right = boot.packet.clone();
    boot.put(0x2c, &[0; 48]);
    assert_eq!(boot.send(), 0xa1);
    assert_eq!(boot.machine.broken(), ["FSP-13"]);
    boot.packet = right;
    assert_eq!(boot.send(), 0);
    boot.machine.assert_clean();
}

type Mistake = (&'static str, &'static str, &'static str, fn(&mut Boot));

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    ("a dword too long", "gh100", "FSP-11", |boot| boot.packet.extend([0; 4])),
    ("a dword too short", "gb202", "FSP-11", |boot| boot.packet.truncate(864)),
    ("headers alone", "gb202", "FSP-11", |boot| boot.packet.truncate(8)),
    ("size with headers", "gh100", "FSP-11", |boot| boot.put(0xa, &868u16.to_le_bytes())),
    ("version of Blackwell", "gh100", "FSP-11", |boot| boot.put(0x8, &[2, 0])),
    ("version of Hopper", "gb100", "FSP-11", |boot| boot.put(0x8, &[1, 0])),
    ("version of Hopper", "gb207", "FSP-11", |boot| boot.put(0x8, &[1, 0])),
    ("another image", "gh100", "FSP-13", |boot| boot.machine.put(IMAGE + 0x264f, &[0x55])),
    ("another hash", "gb202", "FSP-13", |boot| boot.put(0x2c + 47, &[0x55])),
    ("no signature", "gh100", "FSP-13", |boot| boot.put(0x1dc, &[0; 384])),
    ("no signature", "gb202", "FSP-13", |boot| boot.put(0x1dc, &[0; 96])),
    ("another signature", "gh100", "FSP-13", |boot| boot.put(0x1dc + 383, &[boot.packet[0x1dc + 383] ^ 1])),
    ("another signature", "gb202", "FSP-13", |boot| boot.put(0x1dc + 95, &[boot.packet[0x1dc + 95] ^ 1])),
    ("another key", "gh100", "FSP-13", |boot| boot.put(0x5c, &[boot.packet[0x5c] ^ 1])),
    ("no key", "gh100", "FSP-13", |boot| boot.put(0x5c, &[0; 384])),
    ("another key", "gb202", "FSP-13", |boot| boot.put(0x5c + 96, &[boot.packet[0x5c + 96] ^ 1])),
    ("compressed key", "gb202", "FSP-13", |boot| boot.put(0x5c, &[2])),
    ("something behind the key", "gb100", "FSP-13", |boot| boot.put(0x5c + 97, &[1])),
    ("something at the end of the key", "gb100", "FSP-13", |boot| boot.put(0x5c + 383, &[1])),
    ("something behind the signature", "gb202", "FSP-13", |boot| boot.put(0x1dc + 96, &[1])),
    ("something at the end of the signature", "gb202", "FSP-13", |boot| boot.put(0x1dc + 383, &[1])),
    ("signature of the image in reverse", "gh100", "FSP-13", |boot| {
        let reversed: Vec<_> = boot.fmc.signature.iter().rev().copied().collect();
        boot.put(0x1dc, &reversed);
    }),
    ("image without header", "gh100", "FSP-13", |boot| boot.machine.put(IMAGE + 2, &[0])),
    ("image with an empty body", "gh100", "FSP-13", |boot| boot.machine.put(IMAGE + 4, &[0; 4])),
    ("image longer than can be", "gh100", "FSP-13", |boot| boot.machine.put(IMAGE + 4, &[0, 0, 0x10, 0])),
    ("signed image with another header", "gh100", "FSP-13", |boot| {
        let mut image = boot.fmc.image.clone();
        image[2] = 0x40;
        boot.fmc = Fmc::signed(boot.machine.chip, image);
        boot.machine.put(IMAGE, &boot.fmc.image);
        boot.packet = boot.fmc.packet(boot.machine.chip, IMAGE, PARAMS);
    }),
    ("no image address", "gh100", "FSP-14", |boot| boot.put(0xc, &[0; 8])),
    ("image address of ones", "gb202", "FSP-14", |boot| boot.put(0xc, &[0xff; 8])),
    ("image address above 52 bits", "gb202", "FSP-14", |boot| boot.put(0xc, &(IMAGE | 1 << 52).to_le_bytes())),
    ("image not at a page", "gh100", "FSP-14", |boot| boot.put(0xc, &(IMAGE + 0x800).to_le_bytes())),
    ("image where no memory is", "gh100", "FSP-14", |boot| boot.put(0xc, &(RAM + RAM_SIZE).to_le_bytes())),
    ("image whose end is not mapped", "gb202", "FSP-14", |boot| {
        let at = RAM + RAM_SIZE - 0x2000;
        boot.machine.put(at, &boot.fmc.image[..0x2000]);
        boot.put(0xc, &at.to_le_bytes());
    }),
    ("no parameters", "gh100", "FSP-14", |boot| boot.put(0x35c, &[0; 8])),
    ("parameter address of ones", "gh100", "FSP-14", |boot| boot.put(0x35c, &[0xff; 8])),
    ("parameters above 52 bits", "gh100", "FSP-14", |boot| boot.put(0x35c, &(PARAMS | 1 << 63).to_le_bytes())),
    ("parameters not at a page", "gh100", "FSP-14", |boot| boot.put(0x35c, &(PARAMS + 0x50).to_le_bytes())),
    ("parameters where no memory is", "gh100", "FSP-14", |boot| boot.put(0x35c, &(RAM + RAM_SIZE).to_le_bytes())),
    ("bus mastering off", "gb100", "FSP-14", |boot| { boot.machine.config.write(4, &[2, 0]); }),
    ("FRTS from the start", "gh100", "FSP-15", |boot| boot.put(0x20, &(VRAM - 0x30_0000).to_le_bytes())),
    ("FRTS of Blackwell", "gh100", "FSP-15", |boot| boot.put(0x20, &0x1c0_0000u64.to_le_bytes())),
    ("FRTS of Hopper", "gb202", "FSP-15", |boot| boot.put(0x20, &0x20_0000u64.to_le_bytes())),
    ("FRTS of another release", "gb100", "FSP-15", |boot| boot.put(0x20, &0x1b4_0000u64.to_le_bytes())),
    ("distance to the start of FRTS", "gh100", "FSP-15", |boot| boot.put(0x20, &0x30_0000u64.to_le_bytes())),
    ("FRTS twice as long", "gh100", "FSP-15", |boot| boot.put(0x28, &0x20_0000u32.to_le_bytes())),
    ("FRTS without a size", "gh100", "FSP-15", |boot| boot.put(0x28, &[0; 4])),
    ("FRTS without a place", "gh100", "FSP-15", |boot| boot.put(0x20, &[0; 8])),
    ("FRTS in little video memory", "gh100", "FSP-15", |boot| boot.machine.set_vram(0x28_0000)),
    ("FRTS that fills it", "gb202", "FSP-15", |boot| boot.machine.set_vram(0x1d0_0000)),
    ("FRTS in the guest's memory", "gh100", "FSP-16", |boot| boot.put(0x14, &RAM.to_le_bytes())),
    ("a size for it", "gb202", "FSP-16", |boot| boot.put(0x1c, &[0, 0x10, 0, 0])),
];

#[test]
fn every_mistake_is_refused() {
    for (what, chip, rule, make) in MISTAKES {
        let mut boot = Boot::new(chip);
        make(&mut boot);
        assert_eq!(boot.send(), 0xa1, "{what} on {chip}");
        assert_eq!(boot.machine.broken(), [*rule], "{what} on {chip}");
        assert_eq!(boot.machine.accepted, [], "{what} on {chip}");
    }
}

#[test]
fn a_distance_from_the_wrong_end_is_called_so() {
    let mut boot = Boot::new("gh100");
    boot.put(0x20, &(VRAM - 0x30_0000).to_le_bytes());
    boot.send();
    let what = &boot.machine.complaints[0].what;
    assert!(what.contains("from the end, not from the start"), "{what}");
}

#[test]
fn what_is_checked_first_is_what_is_said() {
    let mut boot = Boot::new("gh100");
    boot.machine.gsp = GspState::Running;
    boot.put(0x8, &[9, 0]);
    boot.put(0x14, &[1]);
    boot.put(0x28, &[1]);
    boot.put(0xc, &[0; 8]);
    boot.put(0x2c, &[0; 48]);
    for (rule, at, right) in [
        ("FSP-11", 0x8, &[1, 0][..]),
        ("FSP-12", 0x8, &[1, 0]),
        ("FSP-16", 0x14, &[0]),
        ("FSP-15", 0x28, &[0]),
        ("FSP-14", 0xc, &IMAGE.to_le_bytes()),
        ("FSP-13", 0x2c, &boot.fmc.hash.clone()),
    ] {
        boot.send();
        assert_eq!(boot.machine.broken(), [rule]);
        if rule == "FSP-12" {
            boot.machine.gsp = GspState::Off;
        }
        boot.put(at, right);
    }
    assert_eq!(boot.send(), 0);
    boot.machine.assert_clean();
}

#[test]
fn an_image_is_not_read_beyond_its_end() {
    let mut boot = Boot::new("gb202");
    // Mapped to the last byte of the image, as an IOMMU maps pages: the image ends with one.
    let fmc = Fmc::new(boot.machine.chip, 0x2000 - 0x48);
    let at = RAM + RAM_SIZE - 0x2000;
    boot.machine.put(at, &fmc.image);
    boot.packet = fmc.packet(boot.machine.chip, at, PARAMS);
    assert_eq!(boot.send(), 0);
    boot.machine.assert_clean();
}

#[test]
fn without_flush_page_the_gsp_starts_and_the_driver_is_wrong() {
    let mut boot = Boot::new("gh100");
    boot.machine.progress.set_flush_page(0);
    assert_eq!(boot.send(), 0);
    assert_eq!(boot.machine.broken(), ["FSP-26"]);

    // GB10x has a second pair, and whoever writes one has to write the other.
    let mut boot = Boot::new("gb100");
    boot.machine.progress.set_flush_half(true);
    assert_eq!(boot.send(), 0);
    assert_eq!(boot.machine.broken(), ["FSP-26"]);
}

#[test]
fn who_gives_up_and_stops_the_device_from_using_memory_may_free_it() {
    let mut boot = Boot::new("gh100");
    boot.machine.send(&boot.packet);
    boot.machine.config.write(4, &[2, 0]);
    boot.machine.dma.unmap_all();
    boot.machine.progress.set_flush_page(0);
    boot.machine.wait(LONG_US);
    boot.machine.assert_clean();
    assert_eq!(boot.machine.accepted, []);
}

#[test]
fn who_gives_up_and_only_frees_memory_is_wrong() {
    let mut boot = Boot::new("gh100");
    boot.machine.send(&boot.packet);
    boot.machine.dma.unmap_all();
    boot.machine.wait(LONG_US);
    assert_eq!(boot.machine.broken(), ["FSP-19"]);
    assert_eq!(boot.machine.accepted, []);
}

#[test]
fn an_image_is_compared_with_the_file_if_there_is_one() {
    for chip in ["gh100", "gb202"] {
        let mut boot = Boot::new(chip);
        boot.machine.use_file(boot.fmc.file());
        assert_eq!(boot.send(), 0, "{chip}");
        boot.machine.assert_clean();

        let mut other = boot.fmc.file();
        other.hash[0] ^= 1;
        boot.machine.use_file(other);
        assert_eq!(boot.send(), 0xa1, "{chip}");
        assert_eq!(boot.machine.broken(), ["FSP-13"], "{chip}");

        let mut other = boot.fmc.file();
        other.public_key[5] ^= 1;
        boot.machine.use_file(other);
        assert_eq!(boot.send(), 0xa1, "{chip}");
        assert_eq!(boot.machine.broken(), ["FSP-13"], "{chip}");
    }
}
