// SPDX-License-Identifier: GPL-2.0

//! Rules of falcons, their boot ROM, and the firmware that runs on them: `FV-01` and up.

/// A rule of this family. The number is the one used in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FalconRule {
    /// Access to an engine window that is not one aligned dword.
    Alignment = 1,
    /// Offset in an engine window where no register is.
    NoSuchRegister = 2,
    /// Write to a read-only register or bit, or read of a write-only one.
    Direction = 3,
    /// Engine reset before the card's own firmware has finished.
    ResetBeforeBoot = 4,
    /// Engine reset while no sysmem flush page is set.
    ResetWithoutFlushPage = 5,
    /// Reset held for less than 10 µs (ten reads of the reset register also count), or asserted
    /// twice.
    ShortReset = 6,
    /// Register other than reset and hardware configuration used while reset is asserted.
    UsedInReset = 7,
    /// Memory port, DMA or start while the engine still clears its memories.
    UsedWhileScrubbing = 8,
    /// Core selected while the engine is in reset, or taken from firmware that runs.
    CoreSelect = 9,
    /// DMA without the permission to use physical addresses, or with a context demanded.
    DmaNotAllowed = 10,
    /// DMA through an aperture that has no target, or through a virtual one.
    DmaAperture = 11,
    /// DMA of a wrong size, misaligned, or beyond the engine's memory.
    DmaShape = 12,
    /// DMA register written while the request that uses it is still queued.
    DmaQueueFull = 13,
    /// DMA address that does not fit the registers, the chip or the guest's mappings.
    DmaAddress = 14,
    /// DMA from the engine to memory asked for by the host.
    DmaDirection = 15,
    /// Start of an engine that runs, that is not in falcon mode, or through an alias that is
    /// closed.
    Start = 16,
    /// Boot vector that no valid block of instruction memory has as its tag.
    BootVector = 17,
    /// Boot ROM parameters missing or wrong.
    BootRomParameters = 18,
    /// Signature absent, all zero, or not the one that the fuse asks for.
    Signature = 19,
    /// Block of code that is not marked secure although it must be, or the other way round.
    SecureMark = 20,
    /// Memory ports used on a chip that hides them from the CPU.
    PioNotAvailable = 21,
    /// Port misused: block without tag, block left incomplete, start not on a block, or no
    /// auto-increment.
    PioSequence = 22,
    /// Two valid blocks with the same tag.
    DuplicateTag = 23,
    /// Register or memory that the running program uses is written.
    WriteWhileRunning = 24,
    /// Booter started before the GSP is ready for it, or without what it needs.
    BooterLoad = 25,
    /// FRTS asked for when it cannot be set up, or with a wrong region.
    Frts = 26,
    /// Boot state taken down while firmware runs, or when there is none.
    Unload = 27,
    /// Program loaded on an engine it is not made for.
    WrongEngine = 28,
    /// Memory of an unfinished transfer or running program unmapped.
    MemoryInUse = 29,
    /// GSP or SEC2 reset while GSP firmware runs that was not told to stop.
    ResetUnderFirmware = 34,
    /// Program started although FALCON_RM does not hold what NV_PMC_BOOT_0 says.
    RevisionNotTold = 35,
    /// GSP mailboxes changed between their write and the booter, or resume awaited that nobody
    /// began.
    Handshake = 36,
}
