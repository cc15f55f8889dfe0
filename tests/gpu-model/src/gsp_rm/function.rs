// SPDX-License-Identifier: GPL-2.0

//! Numbers of functions and events, and how long their payloads are.

use super::wire::u32_at;

/// Nothing.
pub const NOP: u32 = 0;
/// Versions of the guest's driver.
pub const SET_GUEST_SYSTEM_INFO: u32 = 1;
/// Makes memory known by its pages.
pub const ALLOC_MEMORY: u32 = 4;
/// Frees an object and all below it.
pub const FREE: u32 = 10;
/// Gives an object a second handle.
pub const DUP_OBJECT: u32 = 21;
/// Stops GSP-RM.
pub const UNLOADING_GUEST_DRIVER: u32 = 47;
/// Sets the root of a page table, for guests of a hypervisor.
pub const SET_PAGE_DIRECTORY: u32 = 54;
/// Asks what the card is.
pub const GET_GSP_STATIC_INFO: u32 = 65;
/// Sets an entry of the root of BAR1's or BAR2's page table.
pub const UPDATE_BAR_PDE: u32 = 70;
/// Carries more of the command before it.
pub const CONTINUATION_RECORD: u32 = 71;
/// Tells where the card is.
pub const GSP_SET_SYSTEM_INFO: u32 = 72;
/// Tells settings.
pub const SET_REGISTRY: u32 = 73;
/// Controls an object.
pub const GSP_RM_CONTROL: u32 = 76;
/// Takes the root of a page table away, for guests of a hypervisor.
pub const UNSET_PAGE_DIRECTORY: u32 = 79;
/// Makes an object.
pub const GSP_RM_ALLOC: u32 = 103;
/// Stops channels.
pub const DISABLE_CHANNELS: u32 = 178;
/// Invalidates translations.
pub const INVALIDATE_TLB: u32 = 200;
/// Acknowledges a notification about memory errors.
pub const ECC_NOTIFIER_WRITE_ACK: u32 = 202;

/// First number after the functions.
const FUNCTIONS_END: u32 = 227;
/// First number of events.
pub const EVENTS: u32 = 0x1000;

/// GSP-RM has booted.
pub const GSP_INIT_DONE: u32 = 0x1001;
/// The driver is to access registers for GSP-RM.
pub const GSP_RUN_CPU_SEQUENCER: u32 = 0x1002;
/// Something a client has asked to hear of.
pub const POST_EVENT: u32 = 0x1003;
/// A channel has been stopped.
pub const RC_TRIGGERED: u32 = 0x1004;
/// There is something in the fault buffer.
pub const MMU_FAULT_QUEUED: u32 = 0x1005;
/// A line for the log of the operating system.
pub const OS_ERROR_LOG: u32 = 0x1006;
/// A line of another processor of the card.
pub const UCODE_LIBOS_PRINT: u32 = 0x100c;
/// Registers of the GSP are about to be locked, or no longer are.
pub const GSP_LOCKDOWN_NOTICE: u32 = 0x101c;
/// A record for the maker's statistics.
pub const GSP_POST_NOCAT_RECORD: u32 = 0x1020;

/// What GSP-RM does with a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Serves it.
    Served,
    /// Knows it, and says that it is not supported: nothing behind it is modelled.
    NotSupported,
    /// Answers that there is no such function.
    Unknown,
}

/// Functions that a driver may call on a GPU of its own, but behind which nothing is modelled:
/// diagnostics, hibernation, partitions.
const NOT_SUPPORTED: &[u32] = &[78, 80, 111, 181, 182, 204, 207, 226];

/// What GSP-RM does with `function`.
pub fn class(function: u32) -> Class {
    match function {
        NOP
        | SET_GUEST_SYSTEM_INFO
        | ALLOC_MEMORY
        | FREE
        | DUP_OBJECT
        | UNLOADING_GUEST_DRIVER
        | SET_PAGE_DIRECTORY
        | GET_GSP_STATIC_INFO
        | UPDATE_BAR_PDE
        | CONTINUATION_RECORD
        | GSP_SET_SYSTEM_INFO
        | SET_REGISTRY
        | GSP_RM_CONTROL
        | UNSET_PAGE_DIRECTORY
        | GSP_RM_ALLOC
        | DISABLE_CHANNELS
        | INVALIDATE_TLB
        | ECC_NOTIFIER_WRITE_ACK => Class::Served,
        _ if NOT_SUPPORTED.contains(&function) => Class::NotSupported,
        _ => Class::Unknown,
    }
}

/// Why a driver may not send `function`.
pub fn objection(function: u32) -> String {
    if function >= EVENTS {
        format!("function {function:#x} is an event, which only GSP-RM sends")
    } else if function >= FUNCTIONS_END {
        format!("there is no function {function}")
    } else {
        format!("function {function} is not for drivers of r570.144, or is obsolete")
    }
}

/// Does nobody wait for an answer to `function`?
pub fn is_async(function: u32) -> bool {
    matches!(
        function,
        GSP_SET_SYSTEM_INFO | SET_REGISTRY | ECC_NOTIFIER_WRITE_ACK | CONTINUATION_RECORD
    )
}

/// Bytes that the payload of `function` has, as its own fields say, which `first` begins with.
/// `None`: it is too short to say.
pub fn payload_size(function: u32, first: &[u8]) -> Option<u64> {
    let after = |fixed: u64, field: usize, each: u64| {
        first
            .get(field..field + 4)
            .map(|_| fixed + each * u64::from(u32_at(first, field)))
    };
    match function {
        NOP | ECC_NOTIFIER_WRITE_ACK => Some(0),
        SET_GUEST_SYSTEM_INFO => Some(792),
        ALLOC_MEMORY => after(56, 40, 8),
        FREE | UNSET_PAGE_DIRECTORY | INVALIDATE_TLB => Some(16),
        DUP_OBJECT => Some(28),
        UNLOADING_GUEST_DRIVER => Some(8),
        SET_PAGE_DIRECTORY => Some(48),
        GET_GSP_STATIC_INFO => Some(1656),
        UPDATE_BAR_PDE => Some(24),
        GSP_SET_SYSTEM_INFO => Some(928),
        SET_REGISTRY => after(0, 0, 1),
        GSP_RM_CONTROL => after(24, 16, 1),
        GSP_RM_ALLOC => after(32, 20, 1),
        DISABLE_CHANNELS => Some(4),
        _ => Some(first.len() as u64),
    }
}

/// Name of a function or event, for the trace.
pub fn name(function: u32) -> &'static str {
    match function {
        NOP => "NOP",
        SET_GUEST_SYSTEM_INFO => "SET_GUEST_SYSTEM_INFO",
        ALLOC_MEMORY => "ALLOC_MEMORY",
        FREE => "FREE",
        DUP_OBJECT => "DUP_OBJECT",
        UNLOADING_GUEST_DRIVER => "UNLOADING_GUEST_DRIVER",
        SET_PAGE_DIRECTORY => "SET_PAGE_DIRECTORY",
        GET_GSP_STATIC_INFO => "GET_GSP_STATIC_INFO",
        UPDATE_BAR_PDE => "UPDATE_BAR_PDE",
        CONTINUATION_RECORD => "CONTINUATION_RECORD",
        GSP_SET_SYSTEM_INFO => "GSP_SET_SYSTEM_INFO",
        SET_REGISTRY => "SET_REGISTRY",
        GSP_RM_CONTROL => "GSP_RM_CONTROL",
        UNSET_PAGE_DIRECTORY => "UNSET_PAGE_DIRECTORY",
        GSP_RM_ALLOC => "GSP_RM_ALLOC",
        DISABLE_CHANNELS => "DISABLE_CHANNELS",
        INVALIDATE_TLB => "INVALIDATE_TLB",
        ECC_NOTIFIER_WRITE_ACK => "ECC_NOTIFIER_WRITE_ACK",
        GSP_INIT_DONE => "GSP_INIT_DONE",
        GSP_RUN_CPU_SEQUENCER => "GSP_RUN_CPU_SEQUENCER",
        POST_EVENT => "POST_EVENT",
        RC_TRIGGERED => "RC_TRIGGERED",
        MMU_FAULT_QUEUED => "MMU_FAULT_QUEUED",
        OS_ERROR_LOG => "OS_ERROR_LOG",
        UCODE_LIBOS_PRINT => "UCODE_LIBOS_PRINT",
        GSP_LOCKDOWN_NOTICE => "GSP_LOCKDOWN_NOTICE",
        GSP_POST_NOCAT_RECORD => "GSP_POST_NOCAT_RECORD",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_sizes_follow_their_own_fields() {
        let mut control = vec![0; 24];
        control[16] = 7;
        assert_eq!(payload_size(GSP_RM_CONTROL, &control), Some(31));
        let mut memory = vec![0; 56];
        memory[40] = 3;
        assert_eq!(payload_size(ALLOC_MEMORY, &memory), Some(80));
        assert_eq!(payload_size(SET_REGISTRY, &[117, 0, 0, 0]), Some(117));
        assert_eq!(payload_size(SET_REGISTRY, &[1, 2, 3]), None);
        assert_eq!(payload_size(GET_GSP_STATIC_INFO, &[]), Some(1656));
    }

    #[test]
    fn obsolete_foreign_and_impossible_functions_are_told_apart() {
        assert_eq!(class(74), Class::Unknown);
        assert_eq!(class(7), Class::Unknown);
        assert_eq!(class(227), Class::Unknown);
        assert_eq!(class(204), Class::NotSupported);
        assert!(objection(74).contains("obsolete"));
        assert!(objection(227).contains("no function"));
        assert!(objection(0x1001).contains("event"));
    }
}
