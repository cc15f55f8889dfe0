// SPDX-License-Identifier: GPL-2.0

//! Events: what GSP-RM tells without being asked.

use super::{
    function as f,
    wire::{
        put,
        put_u32,
        put_u64,
        Message, //
    },
};

/// Class of the engine descriptor of the power management unit.
const PMU: u32 = 0x00f3_d722;
/// Xid of a fault in the MMU.
const XID_MMU_FAULT: u32 = 31;

/// A line of text from another processor of the card.
pub fn libos_print(text: &str) -> Message {
    let mut payload = vec![0; 8 + text.len()];
    put_u32(&mut payload, 0, PMU << 8);
    // CAST: a line.
    put_u32(&mut payload, 4, text.len() as u32);
    put(&mut payload, 8, text.as_bytes());
    Message::event(f::UCODE_LIBOS_PRINT, payload)
}

/// A record for statistics.
pub fn nocat(now_us: u64, source: &str) -> Message {
    let mut payload = vec![0; 1208];
    put_u64(&mut payload, 8, now_us * 1000);
    put(&mut payload, 24, &source.as_bytes()[..source.len().min(64)]);
    Message::event(f::GSP_POST_NOCAT_RECORD, payload)
}

/// Lockdown begins or ends.
pub fn lockdown(engages: bool) -> Message {
    Message::event(f::GSP_LOCKDOWN_NOTICE, vec![u8::from(engages)])
}

/// GSP-RM has booted.
pub fn init_done(with_payload: bool) -> Message {
    Message::event(f::GSP_INIT_DONE, vec![0; if with_payload { 4 } else { 0 }])
}

/// A line for the log of the operating system, about an Xid.
pub fn os_error(xid: u32, text: &str) -> Message {
    let mut payload = vec![0; 272];
    put_u32(&mut payload, 0, xid);
    put(&mut payload, 12, &text.as_bytes()[..text.len().min(255)]);
    Message::event(f::OS_ERROR_LOG, payload)
}

/// Something a client has asked to hear of.
pub fn post_event(client: u32, event: u32, notify_index: u32, data: &[u8]) -> Message {
    let mut payload = vec![0; 32 + data.len()];
    put_u32(&mut payload, 0, client);
    put_u32(&mut payload, 4, event);
    put_u32(&mut payload, 8, notify_index);
    // CAST: a few bytes.
    put_u32(&mut payload, 24, data.len() as u32);
    // The data begin inside the fixed part.
    put(&mut payload, 29, data);
    Message::event(f::POST_EVENT, payload)
}

/// A channel has been stopped.
pub fn rc_triggered(engine: u32, channel: u32, xid: u32) -> Message {
    let mut payload = vec![0; 48];
    put_u32(&mut payload, 0, engine);
    put_u32(&mut payload, 4, channel);
    put_u32(&mut payload, 16, xid);
    Message::event(f::RC_TRIGGERED, payload)
}

/// There is something in the fault buffer.
pub fn mmu_fault() -> Message {
    Message::event(f::MMU_FAULT_QUEUED, Vec::new())
}

/// An event of the given number, with content that fits it if the number is known.
pub fn of_number(number: u32, now_us: u64) -> Message {
    match number {
        f::POST_EVENT => post_event(0xc1d0_0000, 0x007e_0000, 1, &[0; 4]),
        f::RC_TRIGGERED => rc_triggered(9, 1, XID_MMU_FAULT),
        f::MMU_FAULT_QUEUED => mmu_fault(),
        f::OS_ERROR_LOG => os_error(XID_MMU_FAULT, "NVRM: emulated fault"),
        f::UCODE_LIBOS_PRINT => libos_print("emulated\n"),
        f::GSP_POST_NOCAT_RECORD => nocat(now_us, "emulated"),
        f::GSP_LOCKDOWN_NOTICE => lockdown(false),
        f::GSP_INIT_DONE => init_done(false),
        _ => Message::event(number, vec![0x55; 16]),
    }
}
