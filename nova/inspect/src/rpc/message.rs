// SPDX-License-Identifier: GPL-2.0

//! One message of a queue, and what can be told of its payload.

use crate::report::{
    Fields,
    Value, //
};
use nova_firmware::{
    abi::r570_144::{
        element::{
            Checksum,
            ElementError,
            Header,
            Received,
            HEADERS_SIZE,
            MAX_ENTRIES, //
        },
        event::{
            Lockdown,
            OsErrorLog,
            RcTriggered, //
        },
        function::Function,
        queue::{
            Pointer,
            ENTRY_SIZE,
            FIRST_ENTRY, //
        },
        sequencer::{
            Sequencer,
            Step, //
        },
        static_info::StaticInfo, //
    },
    At, //
};
use std::ops::Range;

/// Where a message's checksum and number are in its headers.
const CHECKSUM: Range<usize> = 32..36;
const NUMBER: usize = 36;

/// Bytes shown of a payload that cannot be told more of.
const SHOWN: usize = 32;

/// A message that begins at an entry.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Its first entry.
    pub(super) entry: Pointer,
    /// What its headers say.
    pub(super) header: Header,
    /// Byte of the dump at which it begins.
    offset: usize,
    /// All of it, or `None` if the checksum does not hold: entries behind the first have other messages.
    payload: Option<Vec<u8>>,
}

/// Bytes of the message at `entry`, `skip` bytes from its start on.
fn bytes_of(
    memory: &[u8],
    base: usize,
    entry: Pointer,
    skip: usize,
    len: usize,
) -> Option<Vec<u8>> {
    let spans = entry.spans(skip + len)?;
    let ring = memory.get(base + FIRST_ENTRY..)?;
    let mut bytes = ring.get(spans.first)?.to_vec();
    bytes.extend(ring.get(spans.wrapped)?);
    Some(bytes.split_off(skip))
}

/// Where a message begins in the dump.
fn offset_of(base: usize, entry: Pointer) -> usize {
    // CAST: widening.
    base + FIRST_ENTRY + entry.get() as usize * ENTRY_SIZE
}

/// Reads a message as its reader would, whatever number the first one has; offsets are those of the dump.
pub(super) fn read(
    memory: &[u8],
    base: usize,
    entry: Pointer,
    expected: Option<u32>,
    available: u32,
) -> Result<Header, At<ElementError>> {
    let place =
        |error: At<ElementError>| At::new(offset_of(base, entry) + error.offset, error.reason);
    let headers = bytes_of(memory, base, entry, 0, HEADERS_SIZE).unwrap_or_default();
    let own = headers.get(NUMBER..).and_then(|rest| rest.first_chunk());
    let own = own.copied().map_or(0, u32::from_le_bytes);
    let received = Received::parse(&headers, expected.unwrap_or(own), available).map_err(place)?;
    let payload =
        bytes_of(memory, base, entry, HEADERS_SIZE, received.payload_len()).unwrap_or_default();
    received.verify(&payload).map_err(place)
}

/// What headers say whose checksum does not hold.
fn mended(mut headers: Vec<u8>, payload: &[u8]) -> Option<Header> {
    let number = u32::from_le_bytes(*headers.get(NUMBER..)?.first_chunk()?);
    headers.get_mut(CHECKSUM)?.fill(0);
    let sum = Checksum::new().then(&headers).then(payload).fold();
    headers
        .get_mut(CHECKSUM)?
        .copy_from_slice(&sum.to_le_bytes());
    Received::parse(&headers, number, MAX_ENTRIES)
        .ok()?
        .verify(payload)
        .ok()
}

impl Message {
    /// The message at `entry`, if there are headers of one.
    pub(super) fn at(memory: &[u8], base: usize, entry: Pointer) -> Option<Self> {
        let headers = bytes_of(memory, base, entry, 0, HEADERS_SIZE)?;
        let number = u32::from_le_bytes(*headers.get(NUMBER..)?.first_chunk()?);
        let received = Received::parse(&headers, number, MAX_ENTRIES).ok()?;
        let payload = bytes_of(memory, base, entry, HEADERS_SIZE, received.payload_len())?;
        let (header, payload) = match received.verify(&payload) {
            Ok(header) => (header, Some(payload)),
            Err(_) => (mended(headers, &payload)?, None),
        };
        Some(Self {
            entry,
            header,
            offset: offset_of(base, entry),
            payload,
        })
    }

    /// What is to be shown of it.
    pub(super) fn describe(&self, unread: bool) -> Fields {
        let header = &self.header;
        let mut fields = Fields::new();
        fields.put("number", header.number);
        fields.put("function", header.function.to_string());
        fields.put("result", header.result.to_string());
        fields.put_hex("payload", header.payload_len());
        fields.put("entry", self.entry.get());
        fields.put_hex("offset", self.offset);
        fields.put("entries", header.entries());
        let state = match (&self.payload, unread) {
            (None, true) => "checksum wrong",
            (None, false) => "overwritten in part",
            (Some(_), true) => "not read yet",
            (Some(_), false) => "read",
        };
        fields.put("state", state);
        if let Some(payload) = self
            .payload
            .as_deref()
            .filter(|payload| !payload.is_empty())
        {
            fields.put("contents", contents(header.function, payload));
        }
        fields
    }
}

/// What a payload says.
fn contents(function: Function, payload: &[u8]) -> Value {
    let known = match function {
        Function::OS_ERROR_LOG => OsErrorLog::parse(payload)
            .map(os_error)
            .map_err(|error| error.to_string()),
        Function::GSP_LOCKDOWN_NOTICE => Lockdown::parse(payload)
            .map(|lockdown| {
                Fields::new()
                    .with("registers locked", lockdown == Lockdown::Engaged)
                    .into()
            })
            .map_err(|error| error.to_string()),
        Function::RC_TRIGGERED => RcTriggered::parse(payload)
            .map(rc)
            .map_err(|error| error.to_string()),
        Function::GSP_RUN_CPU_SEQUENCER => Sequencer::parse(payload)
            .map(steps)
            .map_err(|error| error.to_string()),
        Function::GET_GSP_STATIC_INFO if payload.iter().any(|byte| *byte != 0) => {
            StaticInfo::parse(payload)
                .map(static_info)
                .map_err(|error| error.to_string())
        }
        _ => Ok(Fields::new().with("bytes", dump(payload)).into()),
    };
    known.unwrap_or_else(|error| {
        Fields::new()
            .with("malformed", error)
            .with("bytes", dump(payload))
            .into()
    })
}

/// The first bytes in hexadecimal.
fn dump(payload: &[u8]) -> String {
    let shown = payload.iter().take(SHOWN).map(|byte| format!("{byte:02x}"));
    let mut text = shown.collect::<Vec<_>>().join(" ");
    if payload.len() > SHOWN {
        text.push_str(" ...");
    }
    text
}

fn os_error(log: OsErrorLog) -> Value {
    Fields::new()
        .with("xid", log.xid)
        .with("runlist", log.runlist)
        .with("channel", log.channel)
        .with("text", log.text().to_string())
        .into()
}

fn rc(event: RcTriggered) -> Value {
    Fields::new()
        .with("xid", event.xid)
        .with("engine", event.engine)
        .with("channel", event.channel)
        .with_hex("fault address", event.fault_address)
        .with("fault type", event.fault_type)
        .into()
}

fn static_info(info: StaticInfo) -> Value {
    let regions = info.usable_regions(u64::MAX).map(|region| {
        Fields::new()
            .with_hex("start", region.start)
            .with_hex("end", region.end)
    });
    Fields::new()
        .with("name", info.name.map(|name| name.as_str().to_owned()))
        .with_hex("BAR1 page directory", info.bar1_page_directory)
        .with_hex("BAR2 page directory", info.bar2_page_directory)
        .with_hex("client", info.handles.client)
        .with("usable regions", regions.collect::<Vec<_>>())
        .into()
}

fn steps(sequencer: Sequencer<'_>) -> Value {
    let steps = sequencer.steps().map(|step| match step {
        Step::Write { register, value } => format!("write {value:#x} to {register:#x}"),
        Step::Modify {
            register,
            mask,
            value,
        } => format!("in {register:#x} clear {mask:#x}, set {value:#x}"),
        Step::Poll {
            register,
            mask,
            value,
            timeout_us,
            error,
        } => format!("wait {timeout_us} us until {register:#x} & {mask:#x} is {value:#x}, else fail with {error:#x}"),
        Step::Delay { us } => format!("wait {us} us"),
        Step::Store { register, index } => format!("keep {register:#x} in place {index}"),
        Step::CoreReset => "reset the core".to_owned(),
        Step::CoreStart => "start the core".to_owned(),
        Step::CoreWaitForHalt => "wait until the core has halted".to_owned(),
        Step::CoreResume => "resume the core".to_owned(),
    });
    let saved = sequencer.saved.map(|value| format!("{value:#x}")).join(" ");
    Fields::new()
        .with("steps", steps.collect::<Vec<_>>())
        .with("saved", saved)
        .into()
}
