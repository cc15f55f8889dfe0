// SPDX-License-Identifier: GPL-2.0

//! The payload of `GSP_RUN_CPU_SEQUENCER`.

use super::judge;
use nova_firmware::abi::r570_144::sequencer::{
    Sequencer,
    Step,
    BAR0_SIZE,
    SAVED_REGISTERS, //
};

pub(super) fn run(data: &[u8]) -> bool {
    let sequencer = Sequencer::parse(data);
    judge(&sequencer);
    let Ok(sequencer) = sequencer else {
        return false;
    };
    let mut steps = 0;
    for step in sequencer.steps() {
        steps += 1;
        match step {
            Step::Write { register, .. } | Step::Modify { register, .. } => check(register),
            Step::Poll {
                register,
                timeout_us,
                ..
            } => {
                check(register);
                assert_ne!(timeout_us, 0);
            }
            Step::Store { register, index } => {
                check(register);
                assert!(index < SAVED_REGISTERS);
            }
            Step::Delay { .. }
            | Step::CoreReset
            | Step::CoreStart
            | Step::CoreWaitForHalt
            | Step::CoreResume => {}
        }
    }
    assert!(
        40 + 4 * steps <= data.len(),
        "each step has at least a word"
    );
    true
}

fn check(register: u32) {
    assert!(register % 4 == 0 && register < BAR0_SIZE);
}
