// SPDX-License-Identifier: GPL-2.0

//! Answers commands.

use super::{
    controls,
    faults::{
        Faults,
        ReplyFault, //
    },
    function as f,
    objects::{
        status,
        Objects,
        Wish, //
    },
    static_info,
    wire::{
        put_u32,
        u32_at,
        u64_at,
        Command,
        Message,
        MAX_PAYLOAD, //
    },
    CardFacts, Findings,
};
use crate::violations::{
    Complaint,
    GspRule, //
};

/// Results of the RPC layer itself.
pub mod result {
    /// There is no such function.
    pub const UNKNOWN_FUNCTION: u32 = 0xff10_0001;
    /// The message makes no sense.
    pub const INVALID_FORMAT: u32 = 0xff10_0002;
}

/// Flag of a control: its answer is wanted even if it fails.
const COPY_OUT_ON_ERROR: u32 = 1;

/// What the driver has set and made.
#[derive(Clone, Debug)]
pub struct Server {
    card: CardFacts,
    objects: Objects,
    /// Entries of the roots of BAR1's and BAR2's page tables that were set and not passed on.
    bar_entries: Vec<BarEntry>,
}

/// An entry of the root of a BAR's page table, as `UPDATE_BAR_PDE` sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarEntry {
    /// 0 is BAR1, 1 is BAR2.
    pub bar: u32,
    /// The entry.
    pub entry: u64,
    /// Lowest bit of the virtual address that selects it.
    pub shift: u32,
}

/// An answer, before it is cut into messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Result.
    pub result: u32,
    /// Payload of any length.
    pub payload: Vec<u8>,
}

impl Answer {
    fn ok(payload: Vec<u8>) -> Self {
        Self { result: 0, payload }
    }

    /// An answer that is nothing but a result.
    pub fn bare(result: u32) -> Self {
        Self {
            result,
            payload: Vec::new(),
        }
    }

    /// The request with a status in it, which is the result as well.
    fn with_status(mut payload: Vec<u8>, offset: usize, status: u32) -> Self {
        put_u32(&mut payload, offset, status);
        Self {
            result: status,
            payload,
        }
    }

    /// The messages that answer `command`.
    pub fn messages(self, command: &Command) -> Vec<Message> {
        let message = |function, result, payload| Message {
            function,
            result,
            sequence: command.header.sequence,
            spare: command.header.spare,
            payload,
        };
        let mut rest = self.payload;
        let mut first = rest.split_off(rest.len().min(MAX_PAYLOAD));
        std::mem::swap(&mut first, &mut rest);
        let mut messages = vec![message(command.header.function, self.result, first)];
        messages.extend(
            rest.chunks(MAX_PAYLOAD)
                .map(|chunk| message(f::CONTINUATION_RECORD, 0, chunk.to_vec())),
        );
        messages
    }
}

impl Server {
    /// Nothing has been made or set.
    pub fn new(card: CardFacts) -> Self {
        Self {
            objects: Objects::new(card.chip),
            card,
            bar_entries: Vec::new(),
        }
    }

    /// Objects that the driver has made and not freed.
    pub fn object_count(&self) -> usize {
        self.objects.count()
    }

    /// Hands on the entries that were set since the last call.
    pub fn take_bar_entries(&mut self) -> Vec<BarEntry> {
        std::mem::take(&mut self.bar_entries)
    }

    /// Judges the length of a command, then answers it.
    pub fn serve(&mut self, command: &Command, faults: &Faults, findings: &mut Findings) -> Answer {
        let function = command.header.function;
        match f::class(function) {
            f::Class::Served => {}
            f::Class::NotSupported => return Answer::bare(status::NOT_SUPPORTED),
            f::Class::Unknown => {
                findings.push(Complaint::new(GspRule::Function, f::objection(function)));
                return Answer::bare(result::UNKNOWN_FUNCTION);
            }
        }
        if !has_right_size(command, findings) {
            return Answer::bare(status::INVALID_PARAM_STRUCT);
        }
        let payload = &command.payload;
        match function {
            f::GET_GSP_STATIC_INFO => self.static_info(payload, faults, findings),
            f::GSP_RM_CONTROL => self.control(payload, faults),
            f::GSP_RM_ALLOC => self.alloc(payload),
            f::FREE => {
                let done = self.objects.free(u32_at(payload, 0), u32_at(payload, 8));
                Answer::with_status(payload.clone(), 12, outcome(done))
            }
            f::DUP_OBJECT => self.dup(payload),
            f::ALLOC_MEMORY => Answer::ok_or(self.alloc_memory(payload), payload),
            f::UPDATE_BAR_PDE => Answer::ok_or(self.update_bar_pde(payload), payload),
            f::SET_PAGE_DIRECTORY | f::UNSET_PAGE_DIRECTORY | f::INVALIDATE_TLB => {
                // For guests of a hypervisor; the GPU has no other guest here.
                Answer::bare(status::NOT_SUPPORTED)
            }
            // What is left has nothing to say.
            _ => Answer::bare(status::OK),
        }
    }

    fn static_info(&self, request: &[u8], faults: &Faults, findings: &mut Findings) -> Answer {
        if request.iter().any(|byte| *byte != 0) {
            findings.push(Complaint::new(
                GspRule::RequestNotZero,
                "GET_GSP_STATIC_INFO was asked for with bytes that are not zero",
            ));
        }
        let mut payload = static_info::payload(&self.card, faults.static_info);
        let mut result = 0;
        match faults.reply {
            Some(ReplyFault::Error(code)) => result = code,
            Some(ReplyFault::Short) => payload.truncate(static_info::SIZE - 8),
            Some(ReplyFault::BrokenContinuation) => payload.resize(MAX_PAYLOAD + 1000, 0),
            Some(ReplyFault::WrongFunction) | None => {}
        }
        Answer { result, payload }
    }

    fn control(&mut self, payload: &[u8], faults: &Faults) -> Answer {
        let mut reply = payload.to_vec();
        let (header, params) = reply.split_at_mut(24);
        let before = params.to_vec();
        let target = (u32_at(header, 0), u32_at(header, 4), u32_at(header, 8));
        let status = controls::control(
            &self.card,
            &mut self.objects,
            faults.interrupt_table,
            target,
            params,
        );
        if status != status::OK && u32_at(header, 20) & COPY_OUT_ON_ERROR == 0 {
            params.copy_from_slice(&before);
        }
        put_u32(header, 12, status);
        Answer::ok(reply)
    }

    fn alloc(&mut self, payload: &[u8]) -> Answer {
        let done = self.objects.alloc(Wish {
            client: u32_at(payload, 0),
            parent: u32_at(payload, 4),
            handle: u32_at(payload, 8),
            class: u32_at(payload, 12),
            params: &payload[32..],
        });
        Answer::with_status(payload.to_vec(), 16, outcome(done))
    }

    fn dup(&mut self, payload: &[u8]) -> Answer {
        let word = |index: usize| u32_at(payload, 4 * index);
        let done = self
            .objects
            .dup(word(0), word(1), word(2), (word(3), word(4)));
        Answer::with_status(payload.to_vec(), 24, outcome(done))
    }

    fn alloc_memory(&mut self, payload: &[u8]) -> Result<(), u32> {
        let (length, pages) = (u64_at(payload, 32), u32_at(payload, 40));
        if pages == 0 || length != u64::from(pages) << 12 {
            return Err(status::INVALID_ARGUMENT);
        }
        let word = |index: usize| u32_at(payload, 4 * index);
        self.objects
            .alloc_memory(word(0), word(1), word(2), word(3))
    }

    fn update_bar_pde(&mut self, payload: &[u8]) -> Result<(), u32> {
        let (bar, entry, shift) = (u32_at(payload, 0), u64_at(payload, 8), u64_at(payload, 16));
        let root_shift: u32 = if self.card.chip.family.boots_by_fsp() {
            56
        } else {
            47
        };
        if shift != u64::from(root_shift) || bar > 1 {
            return Err(status::INVALID_ARGUMENT);
        }
        self.bar_entries.push(BarEntry {
            bar,
            entry,
            shift: root_shift,
        });
        Ok(())
    }
}

impl Answer {
    fn ok_or(done: Result<(), u32>, payload: &[u8]) -> Self {
        Self {
            result: outcome(done),
            payload: payload.to_vec(),
        }
    }
}

fn outcome(done: Result<(), u32>) -> u32 {
    done.err().unwrap_or(status::OK)
}

/// Is the payload as long as its function says? Complains if not.
pub fn has_right_size(command: &Command, findings: &mut Findings) -> bool {
    let function = command.header.function;
    let has = command.payload.len() as u64;
    let due = f::payload_size(function, &command.payload);
    // A registry's own size is judged with the rest of it.
    if function == f::SET_REGISTRY || due == Some(has) {
        return true;
    }
    let due = due.map_or("more".into(), |due| due.to_string());
    findings.push(Complaint::new(
        GspRule::PayloadSize,
        format!(
            "{} has a payload of {has} bytes, its layout {due}",
            f::name(function)
        ),
    ));
    false
}
