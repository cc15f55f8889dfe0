// SPDX-License-Identifier: GPL-2.0

//! Rules of the conversation with GSP-RM, and of its boot: `GV-01` and up.

/// A rule of this family. The number is the one used in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum GspRule {
    /// Queue element whose checksum is wrong.
    Checksum = 1,
    /// Padding between message and 8-byte boundary that is not zero.
    Padding = 2,
    /// Element sequence number that does not follow the last.
    SequenceNumber = 3,
    /// Element count that does not fit the message or the ring.
    ElementCount = 4,
    /// Message length below the header's or above the largest element.
    Length = 5,
    /// RPC header version or signature wrong.
    Header = 6,
    /// Result fields of a command that are not all ones, or spare word not zero.
    CommandResult = 7,
    /// Reserved bytes of an element that are not zero.
    Reserved = 8,
    /// Ring pointer out of range, moved backwards or too far.
    Pointer = 9,
    /// Write pointer published in the middle of a message.
    PartlyPublished = 10,
    /// Part of the shared queues written that belongs to the firmware.
    ForeignWrite = 11,
    /// Read pointer past the write pointer, or not at the end of a message.
    ReadPointer = 12,
    /// Command before the firmware has booted that has to wait, or early command missing,
    /// repeated, swapped or late.
    Order = 13,
    /// Second synchronous command while one is unanswered.
    Overlap = 14,
    /// Continuation record without, beside or beyond its message.
    Continuation = 15,
    /// Function number that a driver may not send.
    Function = 16,
    /// Payload that is shorter or longer than its function's layout.
    PayloadSize = 17,
    /// Request that has to be zero and is not.
    RequestNotZero = 18,
    /// Registry table malformed.
    Registry = 19,
    /// System information that contradicts the card.
    SystemInfo = 20,
    /// Unload request with fields that contradict each other, or a command after it.
    UnloadRequest = 21,
    /// Doorbell of a queue that does not exist.
    DoorbellIndex = 22,
    /// Command published for long without a doorbell.
    NoDoorbell = 23,
    /// Description of the protected region that cannot be true.
    WprMeta = 24,
    /// Protected region set up while there is one already.
    RegionState = 25,
    /// Boot memory freed or changed before the firmware was done with it.
    BootMemory = 26,
    /// LibOS table, or what it points to, that cannot be used; or that was changed between mailbox
    /// write and start.
    InitTable = 27,
    /// DMA address above the chip's width, or not page aligned.
    Address = 28,
    /// Boot state taken down before the firmware said it is suspended.
    Teardown = 29,
    /// GSP register used while lockdown is engaged.
    Lockdown = 30,
    /// Sequencer commands executed out of order, mixed with other accesses, or without the
    /// mailboxes restored.
    Sequencer = 31,
    /// Message interrupt acknowledged after the queue was drained instead of before.
    LateAcknowledge = 32,
}
