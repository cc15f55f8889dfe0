// SPDX-License-Identifier: GPL-2.0

//! `rpc_run_cpu_sequencer`, the payload of `GSP_RUN_CPU_SEQUENCER`: steps the driver is to take for the
//! GSP.
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 4 | `bufferSizeDWord` | words the buffer could have |
//! | 4 | 4 | `cmdIndex` | words it has |
//! | 8 | 32 | `regSaveArea` | where steps may store 8 registers |
//! | 40 | | `commandBuffer` | steps: a word that says which, then its operands |
//!
//! All steps are checked before the first is given out, so that none is taken of a list that is wrong
//! further on.

use crate::{
    bytes::{
        range_within,
        u32_at, //
    },
    At, //
};
use core::fmt;

/// Registers that steps can store.
pub const SAVED_REGISTERS: usize = 8;

/// Bytes of BAR0 that steps can access.
pub const BAR0_SIZE: u32 = 16 << 20;

/// How long a step polls that does not say, in microseconds.
const DEFAULT_TIMEOUT_US: u32 = 4_000_000;

const BUFFER_SIZE_AT: usize = 0;
const CMD_INDEX_AT: usize = 4;
const COMMANDS_AT: usize = 40;

/// A step. Registers are offsets in BAR0: multiples of 4 below [`BAR0_SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write a register.
    Write {
        /// The register.
        register: u32,
        /// What to write.
        value: u32,
    },
    /// Change bits of a register.
    Modify {
        /// The register.
        register: u32,
        /// Bits to clear.
        mask: u32,
        /// Bits to set afterwards, whether in the mask or not.
        value: u32,
    },
    /// Wait until a register has a value.
    Poll {
        /// The register.
        register: u32,
        /// Bits to look at.
        mask: u32,
        /// What they have to be.
        value: u32,
        /// How long to wait, in microseconds. Not 0.
        timeout_us: u32,
        /// What the GSP calls the failure.
        error: u32,
    },
    /// Wait.
    Delay {
        /// How long, in microseconds.
        us: u32,
    },
    /// Read a register and keep what it says.
    Store {
        /// The register.
        register: u32,
        /// Which of the [`SAVED_REGISTERS`] places to keep it in.
        index: usize,
    },
    /// Reset the GSP, with its falcon core selected.
    CoreReset,
    /// Start the GSP's falcon core.
    CoreStart,
    /// Wait until that has halted.
    CoreWaitForHalt,
    /// Reset the GSP, and let SEC2 start its RISC-V core.
    CoreResume,
}

/// Why steps are not taken. Offsets are in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequencerError {
    /// There are fewer bytes than a payload without steps has.
    Short,
    /// There are not fewer words than the buffer could have.
    Index {
        /// Words there are.
        index: u32,
        /// Words the buffer could have.
        size: u32,
    },
    /// Words are said to be there that are not in the payload.
    Outside(u32),
    /// There is no such step.
    Opcode(u32),
    /// The words end in the middle of this step.
    Truncated(u32),
    /// The register is misaligned or outside BAR0.
    Register(u32),
    /// There is no such place to store a register in.
    SaveIndex(u32),
}

impl fmt::Display for SequencerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("sequencer payload is cut short"),
            Self::Index { index, size } => {
                write!(f, "{index} words of steps in a buffer for less than {size}")
            }
            Self::Outside(index) => write!(f, "{index} words of steps go beyond the payload"),
            Self::Opcode(opcode) => write!(f, "unknown sequencer step {opcode:#x}"),
            Self::Truncated(opcode) => write!(f, "sequencer step {opcode:#x} is cut short"),
            Self::Register(register) => {
                write!(f, "sequencer uses impossible register {register:#x}")
            }
            Self::SaveIndex(index) => {
                write!(f, "sequencer stores a register in place {index:#x} of 8")
            }
        }
    }
}

/// Steps that have been checked.
#[derive(Clone, Copy, Debug)]
pub struct Sequencer<'a> {
    /// What the places for registers hold before the first step.
    pub saved: [u32; SAVED_REGISTERS],
    commands: &'a [u8],
}

impl<'a> Sequencer<'a> {
    /// Checks a whole payload. Bytes after the last step are ignored.
    ///
    /// # Errors
    ///
    /// [`SequencerError`] and where.
    pub fn parse(payload: &'a [u8]) -> Result<Self, At<SequencerError>> {
        let short = At::new(payload.len(), SequencerError::Short);
        let size = u32_at(payload, BUFFER_SIZE_AT).ok_or(short)?;
        let index = u32_at(payload, CMD_INDEX_AT).ok_or(short)?;
        let mut saved = [0; SAVED_REGISTERS];
        for (saved, at) in saved.iter_mut().zip((8..COMMANDS_AT).step_by(4)) {
            *saved = u32_at(payload, at).ok_or(short)?;
        }
        if index >= size {
            let reason = SequencerError::Index { index, size };
            return Err(At::new(CMD_INDEX_AT, reason));
        }
        // CAST: widening.
        let commands = (index as usize)
            .checked_mul(4)
            .and_then(|len| range_within(COMMANDS_AT, len, payload.len()))
            .and_then(|range| payload.get(range))
            .ok_or(At::new(CMD_INDEX_AT, SequencerError::Outside(index)))?;
        let mut at = 0;
        while at < commands.len() {
            let (_, next) = step(commands, at)
                .map_err(|error| At::new(COMMANDS_AT + error.offset, error.reason))?;
            at = next;
        }
        Ok(Self { saved, commands })
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> + 'a {
        let commands = self.commands;
        let mut at = 0;
        core::iter::from_fn(move || {
            // All steps have been read before; at the end there is no opcode.
            let (step, next) = step(commands, at).ok()?;
            at = next;
            Some(step)
        })
    }
}

/// Reads the step at `at`; gives where the next one is, always further on.
fn step(commands: &[u8], at: usize) -> Result<(Step, usize), At<SequencerError>> {
    let opcode = u32_at(commands, at).ok_or(At::new(at, SequencerError::Truncated(0)))?;
    let operand = |number: usize| {
        u32_at(commands, at + 4 * number).ok_or(At::new(at, SequencerError::Truncated(opcode)))
    };
    let register = || {
        let register = operand(1)?;
        if register % 4 == 0 && register < BAR0_SIZE {
            Ok(register)
        } else {
            Err(At::new(at + 4, SequencerError::Register(register)))
        }
    };
    let (operands, step) = match opcode {
        0 => {
            let value = operand(2)?;
            let register = register()?;
            (2, Step::Write { register, value })
        }
        1 => {
            let (mask, value) = (operand(2)?, operand(3)?);
            let register = register()?;
            let step = Step::Modify {
                register,
                mask,
                value,
            };
            (3, step)
        }
        2 => {
            let (mask, value) = (operand(2)?, operand(3)?);
            let (timeout, error) = (operand(4)?, operand(5)?);
            let step = Step::Poll {
                register: register()?,
                mask,
                value,
                timeout_us: if timeout == 0 {
                    DEFAULT_TIMEOUT_US
                } else {
                    timeout
                },
                error,
            };
            (5, step)
        }
        3 => (1, Step::Delay { us: operand(1)? }),
        4 => {
            let index = operand(2)?;
            let register = register()?;
            // CAST: widening.
            if index as usize >= SAVED_REGISTERS {
                return Err(At::new(at + 8, SequencerError::SaveIndex(index)));
            }
            let index = index as usize;
            (2, Step::Store { register, index })
        }
        5 => (0, Step::CoreReset),
        6 => (0, Step::CoreStart),
        7 => (0, Step::CoreWaitForHalt),
        8 => (0, Step::CoreResume),
        _ => return Err(At::new(at, SequencerError::Opcode(opcode))),
    };
    Ok((step, at + 4 * (1 + operands)))
}

#[cfg(test)]
pub(super) mod tests;
