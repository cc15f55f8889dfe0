// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::targets::Target;

/// Parsers that none of our own inputs is for: only NVIDIA's files can be right.
const NEEDS_FIRMWARE: [&str; 1] = ["gsp_image"];

fn target(name: &str) -> &'static Target {
    const { &targets::ALL }
        .iter()
        .find(|it| it.name == name)
        .unwrap()
}

#[test]
fn every_target_has_inputs() {
    let seeds = Seeds::synthetic();
    for target in &targets::ALL {
        let wants = !NEEDS_FIRMWARE.contains(&target.name);
        assert_eq!(seeds.of(target.name).count() != 0, wants, "{}", target.name);
    }
}

#[test]
fn inputs_are_accepted() {
    let seeds = Seeds::synthetic();
    for target in &targets::ALL {
        for (name, bytes) in seeds.of(target.name) {
            // Lies of the GSP and of FSP are told to see them found out.
            let wants = !name.starts_with("lie-");
            assert_eq!((target.run)(bytes), wants, "{}: {name}", target.name);
        }
    }
}

#[test]
fn neighbours_of_inputs_are_survived() {
    let seeds = Seeds::synthetic();
    for target in &targets::ALL {
        for (_, bytes) in seeds.of(target.name) {
            for at in (0..bytes.len()).step_by(1 + bytes.len() / 256) {
                (target.run)(&bytes[..at]);
                let mut changed = bytes.to_vec();
                for value in [0, 0x7f, 0xff] {
                    changed[at] = value;
                    (target.run)(&changed);
                }
            }
        }
    }
}

#[test]
fn nonsense_is_refused() {
    for target in &targets::ALL {
        // A log buffer may hold anything, and in a channel anything may happen.
        let wants = ["log_buffer", "channel"].contains(&target.name);
        assert_eq!((target.run)(&[0x5a; 64]), wants, "{}", target.name);
        assert!(!(target.run)(&[]), "{}", target.name);
    }
}

#[test]
fn a_message_may_have_any_checksum_here() {
    let mut input = message_input(1, Function::GSP_RM_CONTROL);
    input.extend(message(0, Function::GSP_INIT_DONE, &[0; 4]));
    input[8 + 32] ^= 1;
    assert!((target("message").run)(&input));
}
