// SPDX-License-Identifier: GPL-2.0

//! PRC, and the commands that only OpenRM sends.

use super::machine::*;

const READ_VGPU_MODE: [u8; 4] = [0x0c, 0x02, 0x29, 0x00];

/// Adds SR-IOV with `total` functions to the end of the list of capabilities.
pub(super) fn add_virtual_functions(machine: &mut Machine, total: u32) {
    let mut last = 0x100;
    while machine.config.dword(last) >> 20 != 0 {
        last = u64::from(machine.config.dword(last) >> 20);
    }
    let at = 0xf00;
    machine
        .config
        .write_private(last as usize, (at as u32) << 20, 0xfff << 20);
    machine.config.write_private(at, 0x0001_0010, u32::MAX);
    machine
        .config
        .write_private(at + 0xc, total << 16, u32::MAX);
}

#[test]
fn vgpu_mode_is_read_with_noise_behind_it() {
    for flags in [1, 2] {
        let mut machine = Machine::new("gb202");
        add_virtual_functions(&mut machine, 16);
        let packet = command(0x13, &[0x0c, flags, 0x29, 0]);
        assert_eq!(packet.len(), 12);
        machine.send(&packet);
        let answer = machine.receive().unwrap();
        assert_eq!(answer.len(), 24);
        assert_eq!(dwords(&answer)[..5], [0xc000_0000, 0x1510_de7e, 3, 0x13, 0]);
        assert_eq!(answer[20..22], [0, 0]);
        assert_ne!(answer[22..24], [0, 0]);
        machine.assert_clean();
    }
}

#[test]
fn vgpu_mode_is_not_asked_of_boards_without_it() {
    for (chip, functions) in [
        ("gb202", None),
        ("gb203", Some(0)),
        ("gb207", Some(1)),
        ("gh100", None),
        ("gb100", None),
    ] {
        let mut machine = Machine::new(chip);
        if let Some(functions) = functions {
            add_virtual_functions(&mut machine, functions);
        }
        let answer = machine.exchange(&command(0x13, &READ_VGPU_MODE)).unwrap();
        assert_eq!(answer[4], 0, "{chip}");
        assert_eq!(machine.broken(), ["FSP-23"], "{chip}");
    }
    let mut machine = Machine::new("gb205");
    add_virtual_functions(&mut machine, 2);
    machine.exchange(&command(0x13, &READ_VGPU_MODE)).unwrap();
    machine.assert_clean();
}

#[test]
fn what_prc_refuses_has_an_answer_without_value() {
    for (payload, code, rules) in [
        (&[0x0c, 2, 0x2a, 0][..], 0x1e3, &[][..]),
        (&[0x0c, 2, 0x29, 1], 0x1e3, &[]),
        (&[0x0d, 2, 0x29, 0], 0xa0, &[]),
        (&[0x0c, 0, 0x29, 0], 0xa1, &["FSP-10"]),
        (&[0x0c, 4, 0x29, 0], 0xa1, &["FSP-10"]),
        (&[0x0c, 2, 0x29, 0, 0, 0, 0, 0], 0xa1, &["FSP-10"]),
        (&[], 0xa1, &["FSP-10"]),
    ] {
        let mut machine = Machine::new("gb202");
        let answer = machine.exchange(&command(0x13, payload)).unwrap();
        assert_eq!(answer[1..], [0x1510_de7e, 3, 0x13, code], "{payload:x?}");
        assert_eq!(machine.broken(), rules, "{payload:x?}");
    }
}

#[test]
fn other_published_knobs_are_off() {
    for knob in [5, 6, 7, 8, 9, 10, 35, 36, 44, 45, 46, 47] {
        let mut machine = Machine::new("gh100");
        let answer = machine
            .exchange(&command(0x13, &[0x0c, 2, knob, 0]))
            .unwrap();
        assert_eq!((answer[4], answer[5] & 0xffff), (0, 0), "{knob}");
        machine.assert_clean();
    }
}

#[test]
fn openrm_finds_its_clock_boost_on_blackwell_only() {
    let mut machine = Machine::new("gb202");
    let answer = machine.exchange(&command(0x16, &[0x20])).unwrap();
    assert_eq!(answer, [0xc000_0000, 0x1510_de7e, 3, 0x16, 0, 0]);
    for boost in [1, 0] {
        let answer = machine.exchange(&command(0x20, &[boost])).unwrap();
        assert_eq!(answer, [0xc000_0000, 0x1510_de7e, 3, 0x20, 0]);
    }
    assert_eq!(machine.exchange(&command(0x16, &[0x21])).unwrap()[4], 0xa0);
    assert_eq!(machine.exchange(&command(0x20, &[2])).unwrap()[4], 0xa1);
    machine.assert_clean();
    assert_eq!(
        machine.exchange(&command(0x16, &[0x20, 1])).unwrap()[4],
        0xa1
    );
    assert_eq!(machine.broken(), ["FSP-10"]);

    let mut machine = Machine::new("gh100");
    assert_eq!(machine.exchange(&command(0x16, &[0x20])).unwrap()[4], 0xa0);
    assert_eq!(machine.exchange(&command(0x20, &[1])).unwrap()[4], 0xa0);
    machine.assert_clean();
}
