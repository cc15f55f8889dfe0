// SPDX-License-Identifier: GPL-2.0

//! Puts commands together that come in several messages.
//!
//! No message carries the total: the command's own fields say how long it is. The first message
//! and all continuation records but the last are full.

use super::{
    function::{
        payload_size,
        CONTINUATION_RECORD, //
    },
    wire::{
        Command,
        MAX_PAYLOAD, //
    },
    Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// What a message has led to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    /// Command that is complete.
    pub complete: Option<Command>,
    /// Command that will never be, or a record that belongs to none; to be refused.
    pub refused: Option<Command>,
}

/// A command of which some parts are missing.
#[derive(Debug, Default)]
pub struct Assembler {
    partial: Option<(Command, u64)>,
}

impl Assembler {
    /// Takes the next message.
    pub fn feed(&mut self, message: Command, findings: &mut Findings) -> Assembled {
        let is_record = message.header.function == CONTINUATION_RECORD;
        match (self.partial.take(), is_record) {
            (None, false) => Assembled {
                complete: self.begin(message),
                refused: None,
            },
            (None, true) => {
                findings.push(broken(
                    "continuation record without a command before it that was full",
                ));
                Assembled {
                    complete: None,
                    refused: Some(message),
                }
            }
            (Some((command, total)), false) => {
                findings.push(broken(format!(
                    "function {} between the parts of function {}, of which {} of {total} bytes \
                     were there",
                    message.header.function,
                    command.header.function,
                    command.payload.len()
                )));
                Assembled {
                    complete: self.begin(message),
                    refused: Some(command),
                }
            }
            (Some((command, total)), true) => self.proceed(command, total, message, findings),
        }
    }

    /// Keeps a command that has to be continued; gives back one that has not.
    fn begin(&mut self, command: Command) -> Option<Command> {
        let total = payload_size(command.header.function, &command.payload).unwrap_or_default();
        let is_full = command.payload.len() == MAX_PAYLOAD;
        if is_full && total > MAX_PAYLOAD as u64 {
            self.partial = Some((command, total));
            return None;
        }
        Some(command)
    }

    fn proceed(
        &mut self,
        mut command: Command,
        total: u64,
        record: Command,
        findings: &mut Findings,
    ) -> Assembled {
        let missing = total - command.payload.len() as u64;
        let has = record.payload.len() as u64;
        let due = missing.min(MAX_PAYLOAD as u64);
        if has != due {
            let why = match has {
                0 => "is empty",
                _ if has > missing => "goes beyond the command's end",
                _ => "is not full",
            };
            findings.push(broken(format!(
                "continuation record of {has} bytes {why}: {missing} bytes of function {} are missing",
                command.header.function
            )));
            return Assembled {
                complete: None,
                refused: Some(command),
            };
        }
        command.payload.extend(record.payload);
        if has < missing {
            self.partial = Some((command, total));
            return Assembled::default();
        }
        Assembled {
            complete: Some(command),
            refused: None,
        }
    }
}

fn broken(what: impl Into<String>) -> Complaint {
    Complaint::new(GspRule::Continuation, what)
}
