// SPDX-License-Identifier: GPL-2.0

//! Rules of the conversation with FSP, and of the boot that it starts: `FSP-01` and up.

/// A rule of this family. The number is the one used in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FspRule {
    /// Command before FSP says that it is ready.
    TooEarly = 1,
    /// Command by a driver that has not looked whether FSP is ready.
    ReadinessNotRead = 2,
    /// Doorbell without a new tail.
    TailMissing = 3,
    /// EMEM written while a command in it is not answered, or an answer not read.
    EmemInUse = 4,
    /// Burst through a port that was not set to address 0 with the one increment it needs.
    PortNotArmed = 5,
    /// Packet longer or shorter than what was written, or outside the driver's channel.
    Extent = 6,
    /// Port used on although its address does not move.
    IncrementMode = 7,
    /// Command while the answer to the one before is not acknowledged.
    NotAcknowledged = 8,
    /// Message queue set to something else than empty, or command queue's head not zero.
    Pointer = 9,
    /// Packet that FSP does not understand: length, MCTP header or NVDM header.
    Packet = 10,
    /// Chain of trust message of a wrong length, size or version.
    CotForm = 11,
    /// Chain of trust message while the GSP runs.
    GspRuns = 12,
    /// Hash or signature that is not the image's, or bytes behind them.
    Authentication = 13,
    /// Address that FSP or FMC cannot use.
    Address = 14,
    /// FRTS region at a place or of a size that cannot be meant.
    FrtsPlace = 15,
    /// FRTS region in the guest's memory.
    FrtsInSysmem = 16,
    /// FMC boot parameters that FMC refuses.
    BootParams = 17,
    /// Plan of the protected region that does not fit this way of booting.
    WprMeta = 18,
    /// Memory changed or unmapped while FSP or FMC uses it.
    MemoryInUse = 19,
    /// GSP register written that belongs to FSP or FMC.
    GspWrite = 20,
    /// `FALCON_OS` written before the lockdown is released.
    OsTooEarly = 21,
    /// Doorbell of GSP-RM before it runs.
    DoorbellTooEarly = 22,
    /// Question for the vGPU mode on a board that has none.
    VgpuQuery = 23,
    /// SEC2 or FWSEC used.
    Sec2 = 24,
    /// Memory unmapped before the GSP was seen to have halted.
    UnmappedBeforeHalt = 25,
    /// No sysmem flush page, or only half of it, when the boot begins.
    FlushPage = 26,
    /// Readiness looked for where another generation has it.
    ReadinessElsewhere = 27,
}
