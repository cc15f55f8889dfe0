// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::synthetic::{
    mutations,
    poked,
    words, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    string::ToString,
    vec,
    vec::Vec, //
};

fn payload(size: u32, index: u32, commands: &[u32]) -> Vec<u8> {
    let mut payload = words(&[size, index, 10, 11, 12, 13, 14, 15, 16, 17]);
    payload.extend(words(commands));
    payload
}

/// A payload with these steps.
fn with(commands: &[u32]) -> Vec<u8> {
    let index = commands.len() as u32;
    payload(index + 1, index, commands)
}

/// The published payload, which has every step.
pub(in super::super) fn published() -> Vec<u8> {
    let mut payload = with(&[
        0,
        0x11_0040,
        0x1234_5678,
        1,
        0x11_0044,
        0xff00,
        0x5500,
        2,
        0x11_0100,
        0x10,
        0x10,
        1_000_000,
        1,
        3,
        20,
        4,
        0x11_0040,
        7,
        5,
        6,
        7,
        8,
    ]);
    payload[8..40].fill(0);
    payload
}

fn error(payload: &[u8]) -> At<SequencerError> {
    Sequencer::parse(payload).unwrap_err()
}

#[test]
fn every_step_is_read() {
    let payload = published();
    let steps: Vec<_> = Sequencer::parse(&payload).unwrap().steps().collect();
    let want = [
        Step::Write {
            register: 0x11_0040,
            value: 0x1234_5678,
        },
        Step::Modify {
            register: 0x11_0044,
            mask: 0xff00,
            value: 0x5500,
        },
        Step::Poll {
            register: 0x11_0100,
            mask: 0x10,
            value: 0x10,
            timeout_us: 1_000_000,
            error: 1,
        },
        Step::Delay { us: 20 },
        Step::Store {
            register: 0x11_0040,
            index: 7,
        },
        Step::CoreReset,
        Step::CoreStart,
        Step::CoreWaitForHalt,
        Step::CoreResume,
    ];
    assert_eq!(steps, want);
}

#[test]
fn there_may_be_no_steps() {
    let payload = payload(1, 0, &[]);
    let sequencer = Sequencer::parse(&payload).unwrap();
    assert_eq!(sequencer.steps().count(), 0);
    assert_eq!(sequencer.saved, [10, 11, 12, 13, 14, 15, 16, 17]);
}

#[test]
fn words_beyond_the_last_step_are_not_steps() {
    let payload = payload(9, 1, &[5, 0xbad, 6]);
    assert!(Sequencer::parse(&payload)
        .unwrap()
        .steps()
        .eq([Step::CoreReset]));
}

#[test]
fn polls_without_a_timeout_have_the_default() {
    let payload = with(&[2, 0, 0, 0, 0, 0]);
    let want = Step::Poll {
        register: 0,
        mask: 0,
        value: 0,
        timeout_us: 4_000_000,
        error: 0,
    };
    assert!(Sequencer::parse(&payload).unwrap().steps().eq([want]));
}

#[test]
fn malformed_lists_are_refused_as_a_whole() {
    let index = |index, size| SequencerError::Index { index, size };
    let registers = |word| SequencerError::Register(word);
    for (name, payload, at, reason) in [
        ("empty", vec![], 0, SequencerError::Short),
        ("short", with(&[])[..39].to_vec(), 39, SequencerError::Short),
        ("no buffer", payload(0, 0, &[]), 4, index(0, 0)),
        ("full buffer", payload(1, 1, &[5]), 4, index(1, 1)),
        (
            "beyond the payload",
            payload(3, 2, &[5]),
            4,
            SequencerError::Outside(2),
        ),
        (
            "far beyond",
            payload(!0, !0 - 1, &[5]),
            4,
            SequencerError::Outside(!0 - 1),
        ),
        ("unknown step", with(&[5, 9]), 44, SequencerError::Opcode(9)),
        (
            "write cut short",
            with(&[5, 0, 4]),
            44,
            SequencerError::Truncated(0),
        ),
        (
            "write without operands",
            with(&[0]),
            40,
            SequencerError::Truncated(0),
        ),
        (
            "modify cut short",
            with(&[1, 4, 0]),
            40,
            SequencerError::Truncated(1),
        ),
        (
            "poll cut short",
            with(&[2, 4, 0, 0, 0]),
            40,
            SequencerError::Truncated(2),
        ),
        (
            "delay cut short",
            with(&[3]),
            40,
            SequencerError::Truncated(3),
        ),
        (
            "store cut short",
            with(&[4, 4]),
            40,
            SequencerError::Truncated(4),
        ),
        // The words are there, but not said to be.
        (
            "cut by the index",
            payload(9, 2, &[0, 4, 0]),
            40,
            SequencerError::Truncated(0),
        ),
        ("misaligned", with(&[0, 2, 0]), 44, registers(2)),
        (
            "outside BAR0",
            with(&[5, 1, 0x100_0000, 0, 0]),
            48,
            registers(0x100_0000),
        ),
        ("far outside", with(&[2, !3, 0, 0, 0, 0]), 44, registers(!3)),
        ("store from nowhere", with(&[4, !0, 0]), 44, registers(!0)),
        (
            "no such place",
            with(&[4, 0, 8]),
            48,
            SequencerError::SaveIndex(8),
        ),
    ] {
        assert_eq!(error(&payload), At::new(at, reason), "{name}");
    }
    let last = with(&[0, 0xff_fffc, 0]);
    assert!(Sequencer::parse(&last).is_ok());
}

#[test]
fn errors_tell_where() {
    let text = error(&poked(&published(), 40 + 4 * 18, 77)).to_string();
    assert_eq!(text, "unknown sequencer step 0x4d at offset 0x70");
}

/// Reads all steps; gives how many, which are no more than words.
fn exercise(payload: &[u8]) -> Option<usize> {
    let sequencer = Sequencer::parse(payload).ok()?;
    let number = sequencer.steps().count();
    assert!(number <= payload.len() / 4);
    for step in sequencer.steps() {
        match step {
            Step::Write { register, .. } | Step::Modify { register, .. } => {
                assert!(register < BAR0_SIZE && register % 4 == 0);
            }
            Step::Poll { timeout_us, .. } => assert!(timeout_us > 0),
            Step::Store { index, .. } => assert!(index < SAVED_REGISTERS),
            _ => {}
        }
    }
    Some(number)
}

#[test]
fn damage_to_any_word_does_not_panic() {
    let payload = published();
    let good = mutations(&payload, payload.len())
        .filter(|payload| exercise(payload).is_some())
        .count();
    assert!(good > 10);
}

proptest! {
    #[test]
    fn any_words_can_be_read(commands in any_vec(prop_oneof![0u32..10, any::<u32>()], 0..60), index in 0u32..64, size: u32) {
        exercise(&payload(size, index, &commands));
        exercise(&with(&commands));
    }

    #[test]
    fn any_bytes_can_be_read(bytes in any_vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }
}
