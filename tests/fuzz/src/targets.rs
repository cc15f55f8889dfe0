// SPDX-License-Identifier: GPL-2.0

//! The targets, and what they share.

use std::{
    cell::RefCell,
    fmt::{
        self,
        Write, //
    }, //
};

mod booter;
mod channel;
mod cot;
mod fmc;
mod fsp_response;
mod generic_bootloader;
mod gsp_image;
mod log_buffer;
mod message;
mod prc;
mod queue;
mod riscv_bootloader;
mod sequencer;
mod tlv;
mod vbios;

/// A parser under attack.
pub struct Target {
    /// Its name, which is also that of the program.
    pub name: &'static str,
    /// Bytes of the longest input worth trying.
    pub max_len: usize,
    /// Tries an input; tells whether the parser accepted it.
    ///
    /// # Panics
    ///
    /// If the parser panics, or breaks a promise.
    pub run: fn(&[u8]) -> bool,
}

/// All of them.
pub const ALL: [Target; 15] = [
    Target {
        name: "vbios",
        max_len: 16 << 10,
        run: vbios::run,
    },
    Target {
        name: "booter",
        max_len: 2 << 10,
        run: booter::run,
    },
    Target {
        name: "riscv_bootloader",
        max_len: 512,
        run: riscv_bootloader::run,
    },
    Target {
        name: "generic_bootloader",
        max_len: 1 << 10,
        run: generic_bootloader::run,
    },
    Target {
        name: "gsp_image",
        max_len: 4 << 10,
        run: gsp_image::run,
    },
    Target {
        name: "fmc",
        max_len: 2 << 10,
        run: fmc::run,
    },
    Target {
        name: "tlv",
        max_len: 2 << 10,
        run: tlv::run,
    },
    Target {
        name: "message",
        max_len: 4 << 10,
        run: message::run,
    },
    Target {
        name: "sequencer",
        max_len: 1 << 10,
        run: sequencer::run,
    },
    Target {
        name: "log_buffer",
        max_len: 1 << 10,
        run: log_buffer::run,
    },
    Target {
        name: "queue",
        max_len: 512,
        run: queue::run,
    },
    Target {
        name: "channel",
        max_len: 128,
        run: channel::run,
    },
    Target {
        name: "fsp_response",
        max_len: 128,
        run: fsp_response::run,
    },
    Target {
        name: "prc",
        max_len: 128,
        run: prc::run,
    },
    Target {
        name: "cot",
        max_len: 128,
        run: cot::run,
    },
];

/// Runs the target called `name`. For the programs of libFuzzer.
///
/// # Panics
///
/// As [`Target::run`], and if there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name);
    let target = target.expect("a program is named after each target");
    (target.run)(data);
}

/// Takes text and forgets it: what is printed has to be printable, too.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}

/// Prints `value`; gives whether it is `Ok`.
fn judge<T, E: fmt::Display>(result: &Result<T, E>) -> bool {
    if let Err(error) = result {
        print(error);
    }
    result.is_ok()
}

fn print(value: &impl fmt::Display) {
    write!(Nowhere, "{value}").expect("printing to nowhere succeeds");
}

/// Whether `part` is a part of `whole`, and not just equal to one.
fn is_inside(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

/// Bytes that [`padded`] gives.
const PADDED: usize = 256 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; PADDED]);
}

/// Calls `run` with the input as it is, and followed by zeros; tells whether either was accepted.
///
/// Containers are mostly payload, which no parser looks at. With zeros in its place the inputs are short,
/// and most changes hit something that matters.
fn padded(data: &[u8], run: fn(&[u8]) -> bool) -> bool {
    let plain = run(data);
    let padded = BUFFER.with_borrow_mut(|buffer| {
        let room = buffer.get_mut(..data.len())?;
        room.copy_from_slice(data);
        let accepted = run(buffer);
        buffer[..data.len()].fill(0);
        Some(accepted)
    });
    plain || padded == Some(true)
}
