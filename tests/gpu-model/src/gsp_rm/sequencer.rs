// SPDX-License-Identifier: GPL-2.0

//! Programs for the CPU sequencer: register accesses that the driver does for GSP-RM.
//!
//! What real firmware asks for is known in outline only: it waits until it has stopped, resets the
//! GSP's falcon core, loads a program from video memory (Turing and GA100: through the port), runs
//! it, and has itself resumed. The program here does the same, with an [`image`] that the falcon
//! of the model knows by its first bytes.

pub mod watch;

use super::{
    faults::SequencerFault,
    habits::Sequencer,
    registers as reg,
    wire::put_u32, //
};
use crate::chips::Family;

/// First bytes of the image's program.
pub const MAGIC: [u8; 16] = *b"GSP-RM SEQUENCER";
/// Bytes of the image: one block for program memory, one for data memory.
pub const IMAGE_SIZE: usize = 512;
/// Value in the first mailbox when GSP-RM has stopped, and when the program begins.
const STOPPED: u32 = 0x8000_0000;
const BEGUN: u32 = 0xfe;
/// A register that the program after a broken operation would set, and to what.
pub const TRAP: (u32, u32) = (reg::MAILBOX1, 0x0bad_c0de);
/// Microseconds of the pause before the resume.
const PAUSE_US: u32 = 2000;
const HOUR_US: u32 = 3_600_000_000;
/// Registers end here on the chips that have a sequencer.
const BAR0_SIZE: u32 = 0x0100_0000;

/// The program that the sequencer loads: for program memory, then for data memory.
pub fn image() -> [u8; IMAGE_SIZE] {
    let mut image = [0; IMAGE_SIZE];
    for (i, byte) in image.iter_mut().enumerate() {
        // CAST: any byte will do.
        *byte = (i * 7) as u8;
    }
    image[..MAGIC.len()].copy_from_slice(&MAGIC);
    image
}

/// One operation. Names and numbers are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// 0
    RegWrite {
        /// Register.
        address: u32,
        /// New value.
        value: u32,
    },
    /// 1
    RegModify {
        /// Register.
        address: u32,
        /// Bits to be cleared.
        mask: u32,
        /// Bits to be set.
        value: u32,
    },
    /// 2
    RegPoll {
        /// Register.
        address: u32,
        /// Bits to be looked at.
        mask: u32,
        /// What they have to be.
        value: u32,
        /// Microseconds; 0 is 4 seconds.
        timeout_us: u32,
    },
    /// 3
    DelayUs(u32),
    /// 4
    RegStore {
        /// Register.
        address: u32,
        /// Where to: 0 to 7.
        index: u32,
    },
    /// 5
    CoreReset,
    /// 6
    CoreStart,
    /// 7
    CoreWaitForHalt,
    /// 8
    CoreResume,
}

impl Op {
    /// Does it leave all registers as they are?
    fn only_looks_or_waits(&self) -> bool {
        matches!(
            self,
            Self::DelayUs(_) | Self::RegStore { .. } | Self::RegPoll { .. } | Self::CoreWaitForHalt
        )
    }

    fn encode(self, words: &mut Vec<u32>) {
        match self {
            Self::RegWrite { address, value } => words.extend([0, address, value]),
            Self::RegModify {
                address,
                mask,
                value,
            } => words.extend([1, address, mask, value]),
            Self::RegPoll {
                address,
                mask,
                value,
                timeout_us,
            } => {
                // The last one is a number for the log.
                // CAST: a program is short.
                let error = words.len() as u32;
                words.extend([2, address, mask, value, timeout_us, error]);
            }
            Self::DelayUs(us) => words.extend([3, us]),
            Self::RegStore { address, index } => words.extend([4, address, index]),
            Self::CoreReset => words.push(5),
            Self::CoreStart => words.push(6),
            Self::CoreWaitForHalt => words.push(7),
            Self::CoreResume => words.push(8),
        }
    }
}

/// A program, as sent and as expected to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Payload of the event.
    pub payload: Vec<u8>,
    /// Operations that the driver has to do, in order.
    pub ops: Vec<Op>,
    /// An operation that must not be done follows them.
    pub is_broken: bool,
}

impl Program {
    /// Does it run the image?
    pub fn runs_image(&self) -> bool {
        self.ops.contains(&Op::CoreStart)
    }
}

fn write(address: u32, value: u32) -> Op {
    Op::RegWrite { address, value }
}

/// The program for a chip; the image is at `image_address` in video memory.
pub fn program(
    habit: Sequencer,
    family: Family,
    image_address: u64,
    fault: Option<SequencerFault>,
) -> Program {
    let mut ops = Vec::new();
    if habit != Sequencer::Empty {
        ops.push(Op::RegPoll {
            address: reg::MAILBOX0,
            mask: u32::MAX,
            value: STOPPED,
            timeout_us: 1_000_000,
        });
        ops.push(Op::CoreReset);
        if habit == Sequencer::Full {
            match family {
                Family::Turing | Family::Ga100 => load_by_port(&mut ops),
                _ => load_by_dma(&mut ops, image_address),
            }
            ops.extend([
                write(reg::MAILBOX0, BEGUN),
                write(reg::BOOTVEC, 0),
                Op::CoreStart,
                Op::CoreWaitForHalt,
                Op::RegPoll {
                    address: reg::MAILBOX0,
                    mask: u32::MAX,
                    value: 0,
                    timeout_us: 0,
                },
            ]);
        }
        ops.extend([
            Op::RegStore {
                address: reg::MAILBOX1,
                index: 7,
            },
            Op::DelayUs(PAUSE_US),
            Op::CoreResume,
        ]);
    }
    match fault {
        None => encode(ops),
        Some(fault) => broken(fault),
    }
}

fn load_by_dma(ops: &mut Vec<Op>, image_address: u64) {
    // CAST: both halves of the address in units of 256 bytes, which has 40 bits.
    let base = (image_address >> 8) as u32;
    let base1 = (image_address >> 40) as u32;
    ops.push(Op::RegModify {
        address: reg::TRANSCFG0,
        mask: 0x0001_0007,
        value: 4,
    });
    ops.extend([write(reg::DMATRFBASE, base), write(reg::DMATRFBASE1, base1)]);
    for (offset, command) in [(0, 0x614), (0x100, 0x600)] {
        ops.extend([
            write(reg::DMATRFMOFFS, 0),
            write(reg::DMATRFFBOFFS, offset),
            write(reg::DMATRFCMD, command),
            Op::RegPoll {
                address: reg::DMATRFCMD,
                mask: reg::DMA_IDLE,
                value: reg::DMA_IDLE,
                timeout_us: 100_000,
            },
        ]);
    }
    ops.extend([
        write(reg::PARAADDR, 0),
        write(reg::ENGIDMASK, 0x400),
        write(reg::UCODE_ID, 9),
        write(reg::MOD_SEL, 1),
    ]);
}

fn load_by_port(ops: &mut Vec<Op>) {
    ops.extend([write(reg::IMEMC, 1 << 24), write(reg::IMEMT, 0)]);
    for word in image()[..256].chunks_exact(4) {
        let word = word
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u32::from(*byte));
        ops.push(write(reg::IMEMD, word));
    }
}

/// A program whose first operation is right and whose second is not. What follows sets the trap.
fn broken(fault: SequencerFault) -> Program {
    let good = Op::RegStore {
        address: reg::MAILBOX0,
        index: 0,
    };
    let trap = write(TRAP.0, TRAP.1);
    let bad = match fault {
        SequencerFault::PollNever => Op::RegPoll {
            address: reg::MAILBOX0,
            mask: u32::MAX,
            value: 0x5a5a_5a5a,
            timeout_us: 50_000,
        },
        SequencerFault::HugeDelay => Op::DelayUs(HOUR_US),
        SequencerFault::BadAddress => write(BAR0_SIZE + 0x40, 1),
        SequencerFault::Index => Op::RegStore {
            address: reg::MAILBOX0,
            index: 8,
        },
        SequencerFault::BadOpcode | SequencerFault::Truncated | SequencerFault::Count => trap,
    };
    let mut words = Vec::new();
    good.encode(&mut words);
    let whole = words.len();
    bad.encode(&mut words);
    match fault {
        SequencerFault::BadOpcode => words[whole] = 9,
        SequencerFault::Truncated => words.truncate(whole + 2),
        SequencerFault::Count => words.truncate(whole),
        _ => trap.encode(&mut words),
    }
    // CAST: a program is short.
    let count = match fault {
        SequencerFault::Count => words.len() as u32 + 3,
        _ => words.len() as u32,
    };
    Program {
        payload: payload(&words, count),
        ops: vec![good],
        is_broken: true,
    }
}

fn encode(ops: Vec<Op>) -> Program {
    let mut words = Vec::new();
    for op in &ops {
        op.encode(&mut words);
    }
    // CAST: a program is short.
    let count = words.len() as u32;
    Program {
        payload: payload(&words, count),
        ops,
        is_broken: false,
    }
}

/// Payload with all words and nothing behind them; `count` is what it says.
fn payload(words: &[u32], count: u32) -> Vec<u8> {
    let mut payload = vec![0; 40 + 4 * words.len()];
    put_u32(&mut payload, 0, count + 1);
    put_u32(&mut payload, 4, count);
    for (index, word) in words.iter().enumerate() {
        put_u32(&mut payload, 40 + 4 * index, *word);
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::{
        super::wire::{
            at,
            u32_at,
            Message, //
        },
        *,
    };

    #[test]
    fn every_operation_is_encoded_as_published() {
        let ops = vec![
            write(0x110040, 0x1234_5678),
            Op::RegModify {
                address: 0x110044,
                mask: 0xff00,
                value: 0x5500,
            },
            Op::RegPoll {
                address: 0x110100,
                mask: 0x10,
                value: 0x10,
                timeout_us: 1_000_000,
            },
            Op::DelayUs(20),
            Op::RegStore {
                address: 0x110040,
                index: 7,
            },
            Op::CoreReset,
            Op::CoreStart,
            Op::CoreWaitForHalt,
            Op::CoreResume,
        ];
        let mut payload = encode(ops).payload;
        // The number for the log is the emulation's own; the published vector has 1.
        assert_eq!(u32_at(&payload, 40 + 4 * 12), 7);
        put_u32(&mut payload, 40 + 4 * 12, 1);
        assert_eq!(payload.len(), 128);
        let bytes = Message::event(0x1002, payload).encode(1);
        assert_eq!(u32_at(&bytes, at::LENGTH), 0xa0);
        assert_eq!(u32_at(&bytes, at::CHECK_SUM), 0x526b_fd93);
    }

    #[test]
    fn empty_program_is_the_published_one() {
        let program = program(Sequencer::Empty, Family::Ada, 0, None);
        let bytes = Message::event(0x1002, program.payload).encode(0);
        assert_eq!(u32_at(&bytes, at::CHECK_SUM), 0x4050_421c);
        assert!(!program.is_broken);
    }

    #[test]
    fn full_program_fits_one_entry_and_says_how_long_it_is() {
        for family in [Family::Turing, Family::Ga100, Family::Ga10x, Family::Ada] {
            let program = program(Sequencer::Full, family, 0x1_2345_6700, None);
            let words = (program.payload.len() - 40) / 4;
            assert_eq!(u32_at(&program.payload, 4) as usize, words);
            assert_eq!(u32_at(&program.payload, 0) as usize, words + 1);
            assert!(program.payload.len() <= 4016, "{family:?}");
            assert!(program.runs_image() && program.ops.contains(&Op::CoreResume));
        }
    }

    #[test]
    fn broken_programs_are_broken_where_they_say() {
        for (fault, word, want) in [
            (SequencerFault::BadOpcode, 3, 9),
            (SequencerFault::BadAddress, 4, 0x0100_0040),
            (SequencerFault::Index, 5, 8),
            (SequencerFault::HugeDelay, 4, HOUR_US),
            (SequencerFault::PollNever, 6, 0x5a5a_5a5a),
            (SequencerFault::Truncated, 4, TRAP.0),
        ] {
            let program = program(Sequencer::Full, Family::Ada, 0, Some(fault));
            assert_eq!(u32_at(&program.payload, 40 + 4 * word), want, "{fault:?}");
            assert!(program.is_broken);
        }
        let count = program(Sequencer::Full, Family::Ada, 0, Some(SequencerFault::Count));
        assert_eq!((u32_at(&count.payload, 4), count.payload.len()), (6, 52));
        let cut = program(
            Sequencer::Full,
            Family::Ada,
            0,
            Some(SequencerFault::Truncated),
        );
        assert_eq!((u32_at(&cut.payload, 4), cut.payload.len()), (5, 60));
    }
}
