// SPDX-License-Identifier: GPL-2.0

//! The first inputs: what is right, for the fuzzers to make wrong.
//!
//! NVIDIA's files are read where the machine has them, and only what a parser looks at is taken over; no
//! byte of them is part of this tree. Everything else is made here.

use crate::targets;
use nova_firmware::abi::r570_144::{
    element::Header,
    function::Function,
    libos,
    queue::{
        Pointer,
        TxHeader, //
    }, //
};
use std::{
    collections::BTreeMap,
    io,
    path::Path, //
};

mod container;
mod elf;
mod firmware;
mod fsp;
mod rom;

/// First inputs by target and name.
#[derive(Debug, Default)]
pub struct Seeds(BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>);

impl Seeds {
    /// Those that need no file.
    pub fn synthetic() -> Self {
        let mut seeds = Self::default();
        rom::add(&mut seeds);
        container::add(&mut seeds);
        messages(&mut seeds);
        sequencers(&mut seeds);
        logs(&mut seeds);
        queues(&mut seeds);
        channels(&mut seeds);
        fsp::add(&mut seeds);
        seeds
    }

    /// Adds those made from the files below `directory`, which holds `nvidia/`; gives how many.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or it is not of the form that all of its kind have.
    pub fn add_firmware(&mut self, directory: &Path) -> io::Result<usize> {
        let before = self.len();
        firmware::add(self, directory)?;
        Ok(self.len() - before)
    }

    /// All inputs of a target, with their names.
    pub fn of(&self, target: &str) -> impl Iterator<Item = (&str, &[u8])> {
        let seeds = self.0.get(target).into_iter().flatten();
        seeds.map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// Number of inputs of all targets.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// # Panics
    ///
    /// If there is no such target, or the input is longer than it takes.
    fn add(&mut self, target: &str, name: impl Into<String>, bytes: Vec<u8>) {
        let target = targets::ALL.iter().find(|it| it.name == target);
        let target = target.expect("inputs are for targets");
        let name = name.into();
        let len = bytes.len();
        assert!(
            len <= target.max_len,
            "{}: {name} has {len} bytes",
            target.name
        );
        self.0.entry(target.name).or_default().insert(name, bytes);
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_le_bytes).collect()
}

/// What stands before the messages in an input of the target `message`.
fn message_input(units: u8, function: Function) -> Vec<u8> {
    let [f0, f1, ..] = function.0.to_le_bytes();
    vec![0, 0, 0, 0, 62, units, f0, f1]
}

fn message(number: u32, function: Function, payload: &[u8]) -> Vec<u8> {
    let header = Header::from_gsp(number, function, payload.len()).expect("a short payload");
    let header = header.encode(payload).expect("the same payload");
    [&header, payload].concat()
}

/// A static info with a name and two regions of video memory, one of them usable.
fn static_info() -> Vec<u8> {
    let mut info = vec![0; 1656];
    info[344] = 2;
    let regions = [
        (0u64, 0x5_ffdf_ffffu64, 0u64),
        (0x5_ffe0_0000, 0x5_ffff_ffff, 0x20_0000),
    ];
    for (region, (base, limit, reserved)) in info[352..].chunks_exact_mut(48).zip(regions) {
        region[..8].copy_from_slice(&base.to_le_bytes());
        region[8..16].copy_from_slice(&limit.to_le_bytes());
        region[16..24].copy_from_slice(&reserved.to_le_bytes());
        region[28..30].fill(1);
    }
    info[1260..1267].copy_from_slice(b"A GPU!\0");
    info
}

fn messages(seeds: &mut Seeds) {
    let mut log = words(&[31, 2, 7]);
    log.extend(b"MMU fault at 0x1000\n");
    log.resize(272, 0);
    let events = [
        ("init-done", Function::GSP_INIT_DONE, words(&[0])),
        ("os-error", Function::OS_ERROR_LOG, log),
        ("lockdown", Function::GSP_LOCKDOWN_NOTICE, words(&[1])),
        (
            "channel",
            Function::RC_TRIGGERED,
            words(&[9, 1, 2, 3, 31, 4, 5, 0x1000, 0x12, 6, 1, 0]),
        ),
        (
            "sequencer",
            Function::GSP_RUN_CPU_SEQUENCER,
            sequencer(&EVERY_STEP),
        ),
        ("fault", Function::MMU_FAULT_QUEUED, Vec::new()),
    ];
    let mut all = message_input(7, Function::GET_GSP_STATIC_INFO);
    for (number, (name, function, payload)) in (0u32..).zip(&events) {
        let mut input = message_input(1, Function::GSP_RM_CONTROL);
        input.extend(message(0, *function, payload));
        seeds.add("message", *name, input);
        all.extend(message(number, *function, payload));
    }
    let last = u32::try_from(events.len()).expect("a few");
    seeds.add("message", "events", all.clone());
    all.extend(message(last, Function::GET_GSP_STATIC_INFO, &static_info()));
    seeds.add("message", "boot", all);

    let mut failed = message_input(1, Function::GSP_RM_ALLOC);
    let mut header = Header::from_gsp(0, Function::GSP_RM_ALLOC, 32).expect("a short payload");
    header.result = nova_firmware::abi::r570_144::status::Status(0x1f);
    failed.extend(header.encode(&[0; 32]).expect("the same payload"));
    failed.extend([0; 32]);
    seeds.add("message", "failed", failed);

    let mut stray = message_input(1, Function::GSP_RM_CONTROL);
    stray.extend(message(0, Function::CONTINUATION_RECORD, &[7; 16]));
    stray.extend(message(1, Function::GSP_RM_CONTROL, &[7; 300]));
    seeds.add("message", "continuation", stray);
}

/// Each of the nine steps, with its operands.
const EVERY_STEP: [u32; 23] = [
    0, 0x11_0040, 1, 1, 0x11_0044, 0xff, 2, 2, 0x11_0100, 0x10, 0x10, 1000, 7, 3, 10, 4, 0x11_0080,
    3, 5, 6, 7, 8, 5,
];

fn sequencer(commands: &[u32]) -> Vec<u8> {
    let index = u32::try_from(commands.len()).expect("a few");
    let mut payload = words(&[index + 1, index]);
    payload.resize(40, 0);
    payload.extend(words(commands));
    payload
}

fn sequencers(seeds: &mut Seeds) {
    seeds.add("sequencer", "every-step", sequencer(&EVERY_STEP));
    seeds.add("sequencer", "none", sequencer(&[]));
    seeds.add(
        "sequencer",
        "resume",
        sequencer(&[5, 0, 0x11_0040, 0, 6, 7, 8]),
    );
}

fn logs(seeds: &mut Seeds) {
    let ring = |written: u64, len: u64| -> Vec<u8> {
        [written]
            .into_iter()
            .chain(0x1000..0x1000 + len)
            .flat_map(u64::to_le_bytes)
            .collect()
    };
    seeds.add("log_buffer", "some", ring(5, 16));
    seeds.add("log_buffer", "full", ring(16, 16));
    seeds.add("log_buffer", "round", ring(40, 16));
    let empty = libos::log_header(0x1_0000_0000).expect("whole pages");
    seeds.add("log_buffer", "empty", empty.to_vec());
}

fn queues(seeds: &mut Seeds) {
    let write = Pointer::new(5).expect("a small number");
    let header = TxHeader { write }.encode().to_vec();
    let add = |seeds: &mut Seeds, name: &str, events: &[[u8; 2]]| {
        seeds.add("queue", name, [&header[..], events.as_flattened()].concat());
    };
    add(seeds, "header", &[]);
    // Written, told, read, told; often enough to get round.
    let lap = [[0, 31], [2, 0], [1, 31], [3, 0]];
    add(seeds, "laps", lap.repeat(5).as_slice());
    add(
        seeds,
        "full",
        &[[0, 62], [0, 1], [2, 0], [1, 62], [1, 1], [3, 0], [0, 62]],
    );
    add(
        seeds,
        "lies",
        &[[2, 70], [2, 10], [2, 5], [0, 3], [4, 9], [1, 60], [0, 61]],
    );
}

/// What happens in a channel, as the target `channel` reads it.
fn channels(seeds: &mut Seeds) {
    let add = |seeds: &mut Seeds, name: &str, events: &[[u8; 4]]| {
        seeds.add("channel", name, events.concat());
    };
    // A few messages each way, one of them of several entries, and everything read.
    let talk = [
        [0, 0x06, 0, 1],
        [0, 0x02, 0x20, 3],
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [2, 76, 1, 9],
        [3, 0, 0, 0],
    ];
    add(seeds, "talk", &talk);
    // Often enough to get round both rings.
    let lap = [
        [0, 0x06, 0xf8, 1],
        [1, 0, 0, 0],
        [2, 76, 0xf8, 9],
        [3, 0, 0, 0],
    ];
    add(seeds, "laps", lap.repeat(8).as_slice());
    add(seeds, "full", [[2, 76, 0xfe, 9]].repeat(8).as_slice());
    add(
        seeds,
        "lie-message",
        &[[0, 0x06, 1, 1], [4, 0, 5, 9], [1, 0, 0, 0]],
    );
    add(
        seeds,
        "lie-pointer",
        &[[0, 0x06, 1, 1], [5, 0, 63, 0], [1, 0, 0, 0]],
    );
    add(
        seeds,
        "lie-header",
        &[[6, 4, 1, 0], [0, 0x06, 1, 1], [1, 0, 0, 0]],
    );
}

#[cfg(test)]
mod tests;
