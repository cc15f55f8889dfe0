// SPDX-License-Identifier: GPL-2.0

//! Whatever is done to FSP, and whenever.

use proptest::prelude::*;

use super::{
    cot::Boot,
    machine::*, //
};

/// One step of somebody who does not know what he does.
#[derive(Clone, Debug)]
enum Step {
    Read(u32),
    Write(u32, u32),
    Wait(u64),
    Packet(Vec<u8>),
}

fn register() -> impl Strategy<Value = u32> {
    let offsets = prop_oneof![
        4 => Just(0u32),
        1 => 1..8u32,
    ];
    let registers = prop::sample::select(vec![
        EMEMC, EMEMD, QUEUE_HEAD, QUEUE_TAIL, MSGQ_HEAD, MSGQ_TAIL,
    ]);
    (registers, offsets).prop_map(|(register, channel)| register + 8 * channel)
}

fn value() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        (0..0x500u32).prop_map(|value| value & !3),
        (0..0x400u32).prop_map(|value| 0x0100_0000 << (value & 1) | value & 0xfc),
        Just(u32::MAX),
        Just(u32::MAX - 3),
        any::<u32>(),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::sample::select(vec![0x12u8, 0x13, 0x14, 0x16, 0x20]);
    prop_oneof![
        3 => register().prop_map(Step::Read),
        6 => (register(), value()).prop_map(|(register, value)| Step::Write(register, value)),
        1 => (0..20_000u64).prop_map(Step::Wait),
        1 => (kinds, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(kind, payload)| Step::Packet(command(kind, &payload))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_fsp_panic_or_hang(
        chip in prop::sample::select(vec!["gh100", "gb100", "gb202"]),
        fault in prop::sample::select(vec![
            "fsp-no-response", "fsp-response-short", "fsp-response-huge", "fsp-tail-below-head",
            "fsp-error=1", "fsp-stale-message", "fsp-response-late=3", "fsp-header-noise",
        ]),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut machine = Machine::with_faults(chip, &[fault]);
        for step in steps {
            match step {
                Step::Read(register) => { machine.read(register); }
                Step::Write(register, value) => machine.write(register, value),
                Step::Wait(us) => machine.wait(us),
                Step::Packet(packet) => machine.send(&packet),
            }
        }
        prop_assert_eq!(machine.accepted.len(), 0, "nobody has signed anything");
        // Whatever has happened, it goes on from here.
        machine.mend();
        machine.wait(LONG_US);
        machine.write(MSGQ_TAIL, 0);
        machine.write(MSGQ_HEAD, 0);
        machine.complaints.clear();
        prop_assert_eq!(machine.exchange(&unknown()).map(|answer| answer[4]), Some(0xa0));
        machine.assert_clean();
    }
}

proptest! {
    // Each one makes a signature.
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn delays_between_accesses_change_nothing(
        chip in prop::sample::select(vec!["gh100", "gb202"]),
        delays in prop::collection::vec(0..3_000u64, 240),
    ) {
        let mut boot = Boot::new(chip);
        let mut delays = delays.into_iter();
        let mut step = |machine: &mut Machine, register, value| {
            machine.wait(delays.next().unwrap_or(0));
            machine.write(register, value);
        };
        let machine = &mut boot.machine;
        step(machine, EMEMC, 0x0100_0000);
        for dword in dwords(&boot.packet) {
            step(machine, EMEMD, dword);
        }
        step(machine, QUEUE_TAIL, 0x360);
        step(machine, QUEUE_HEAD, 0);
        let answer = machine.receive().map(|answer| dwords(&answer));
        prop_assert_eq!(answer, Some(vec![0xc000_0000, 0x1510_de7e, 3, 0x14, 0]));
        prop_assert_eq!(machine.accepted.len(), 1);
        machine.assert_clean();
    }
}
