// SPDX-License-Identifier: GPL-2.0

//! What injected faults make of an exchange that would work without.

use super::{
    cot::Boot,
    machine::*, //
};

/// Sends a right packet; returns head and tail of the answer's queue, the answer's dwords, and
/// whether the GSP was started.
fn run(chip: &str, fault: &str) -> ((u32, u32), Vec<u32>, bool) {
    let mut boot = Boot::with_faults(chip, &[fault]);
    boot.machine.send(&boot.packet);
    boot.machine.wait(LONG_US);
    let queue = (boot.machine.read(MSGQ_HEAD), boot.machine.read(MSGQ_TAIL));
    let answer = dwords(&boot.machine.read_emem(7));
    boot.machine.assert_clean();
    let name = fault.split('=').next().unwrap();
    assert_eq!(boot.machine.faults, [name], "{fault} reports itself once");
    (queue, answer, !boot.machine.accepted.is_empty())
}

#[test]
fn each_fault_spoils_the_answer_in_its_way() {
    const MCTP: u32 = 0xc000_0000;
    const NVDM: u32 = 0x1510_de7e;
    for (fault, queue, answer, is_started) in [
        (
            "fsp-response-short",
            (0, 12),
            [MCTP, NVDM, 3, 0x14].as_slice(),
            false,
        ),
        (
            "fsp-response-long",
            (0, 20),
            &[MCTP, NVDM, 3, 0x14, 0, 0],
            true,
        ),
        (
            "fsp-response-huge",
            (0, 1024),
            &[MCTP, NVDM, 3, 0x14, 0, 0, 0],
            false,
        ),
        ("fsp-response-odd", (0, 14), &[MCTP, NVDM, 3, 0x14], false),
        (
            "fsp-tail-below-head",
            (20, 16),
            &[MCTP, NVDM, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-som-clear",
            (0, 16),
            &[0x4000_0000, NVDM, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-eom-clear",
            (0, 16),
            &[0x8000_0000, NVDM, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-wrong-vendor",
            (0, 16),
            &[MCTP, 0x1511_de7e, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-wrong-message-type",
            (0, 16),
            &[MCTP, 0x1510_de7f, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-wrong-nvdm-type",
            (0, 16),
            &[MCTP, 0x1410_de7e, 3, 0x14, 0],
            false,
        ),
        (
            "fsp-wrong-command",
            (0, 16),
            &[MCTP, NVDM, 3, 0x13, 0],
            false,
        ),
        (
            "fsp-command-bits",
            (0, 16),
            &[MCTP, NVDM, 3, 0x114, 0],
            false,
        ),
        (
            "fsp-error=0x9f",
            (0, 16),
            &[MCTP, NVDM, 3, 0x14, 0x9f],
            false,
        ),
        (
            "fsp-header-noise",
            (0, 16),
            &[0xed55_aa01, NVDM, 3, 0x14, 0],
            true,
        ),
    ] {
        for chip in ["gh100", "gb202"] {
            let (was, dwords, started) = run(chip, fault);
            assert_eq!(was, queue, "{fault}");
            assert_eq!(dwords[..answer.len()], *answer, "{fault}");
            assert_eq!(started, is_started, "{fault}");
        }
    }
}

#[test]
fn without_answer_the_command_is_gone_and_others_may_follow() {
    let (queue, _, is_started) = run("gh100", "fsp-no-response");
    assert_eq!((queue, is_started), ((0, 0), false));

    let mut boot = Boot::with_faults("gh100", &["fsp-no-response"]);
    for _ in 0..2 {
        assert_eq!(boot.machine.exchange(&boot.packet), None);
        assert_eq!(boot.machine.read(QUEUE_HEAD), 0x360, "taken");
    }
    boot.machine.assert_clean();
}

#[test]
fn a_late_answer_is_right() {
    let mut boot = Boot::with_faults("gb202", &["fsp-response-late=700"]);
    boot.machine.send(&boot.packet);
    boot.machine.wait(700_000);
    assert_eq!(boot.machine.read(MSGQ_TAIL), 0);
    assert_eq!(boot.machine.accepted, []);
    boot.machine.wait(5_000);
    assert_eq!(boot.machine.read(MSGQ_TAIL), 0x10);
    assert_eq!(boot.machine.accepted.len(), 1);
    assert_eq!(boot.machine.faults, ["fsp-response-late"]);
    boot.machine.assert_clean();
}

#[test]
fn faults_do_not_hide_what_the_driver_does_wrong() {
    for fault in ["fsp-no-response", "fsp-wrong-vendor", "fsp-error=1"] {
        let mut boot = Boot::with_faults("gh100", &[fault]);
        boot.put(0x2c, &[0; 48]);
        boot.machine.exchange(&boot.packet);
        assert_eq!(boot.machine.broken(), ["FSP-13"], "{fault}");
    }
}

#[test]
fn a_stale_message_is_there_until_it_is_acknowledged() {
    let mut machine = Machine::with_faults("gh100", &["fsp-stale-message"]);
    assert_eq!(
        (machine.read(MSGQ_HEAD), machine.read(MSGQ_TAIL)),
        (0, 0x10)
    );
    assert_eq!(machine.faults, ["fsp-stale-message"]);
    machine.write(MSGQ_TAIL, 0);
    assert_eq!(machine.read(MSGQ_TAIL), 0);
    assert_eq!(machine.exchange(&unknown()).unwrap()[4], 0xa0);
    machine.assert_clean();

    let mut machine = Machine::with_faults("gh100", &["fsp-stale-message"]);
    machine.send(&unknown());
    assert_eq!(machine.broken(), ["FSP-04", "FSP-08"], "it is still there");
}

#[test]
fn vgpu_mode_is_what_the_fault_says() {
    for (fault, value, is_enabled) in [
        ("fsp-prc-value=0", 0, false),
        ("fsp-prc-value=1", 1, true),
        ("fsp-prc-value=2", 2, false),
        ("fsp-prc-value=0xffff", 0xffff, false),
    ] {
        let mut machine = Machine::with_faults("gb202", &[fault]);
        let other = machine.exchange(&command(0x13, &[0x0c, 2, 5, 0])).unwrap();
        assert_eq!(other[5] & 0xffff, 0, "{fault}");
        assert_eq!(machine.faults, [""; 0]);
        let answer = machine
            .exchange(&command(0x13, &[0x0c, 2, 0x29, 0]))
            .unwrap();
        assert_eq!(answer[5], 0x5aa5_0000 | value, "{fault}");
        assert_eq!(machine.fsp.vgpu_enabled(), is_enabled, "{fault}");
        assert_eq!(machine.faults, ["fsp-prc-value"]);
    }
    let faults = ["fsp-prc-value=1", "fsp-response-short"];
    let mut machine = Machine::with_faults("gb202", &faults);
    machine.exchange(&command(0x13, &[0x0c, 2, 0x29, 0]));
    assert!(!machine.fsp.vgpu_enabled(), "nobody was told");
}

#[test]
fn mended_fsp_works_from_its_next_answer_on() {
    for fault in [
        "fsp-no-response",
        "fsp-error=7",
        "fsp-response-late=9",
        "fsp-stale-message",
    ] {
        let mut boot = Boot::with_faults("gb100", &[fault]);
        boot.machine.fsp.mend();
        assert_eq!(boot.machine.read(MSGQ_TAIL), 0, "{fault}");
        assert_eq!(boot.send(), 0, "{fault}");
        assert_eq!(boot.machine.faults, [""; 0], "{fault}");
        boot.machine.assert_clean();
    }
    let mut machine = Machine::just_reset("gh100", &["gfw-never-completes"]);
    machine.now_us = 1_000_000;
    assert_eq!(machine.read(0x200bc), 0);
    machine.mend();
    assert_eq!(machine.read(0x200bc), 0xff);
    assert!(machine.exchange(&unknown()).is_some());
    machine.assert_clean();
}
