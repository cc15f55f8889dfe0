// SPDX-License-Identifier: GPL-2.0

//! Rules of the bus and of registers in general: `PV-01` and up.

/// A rule of this family. The number is the one used in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BusRule {
    /// Access to BAR0 that is not one aligned dword.
    Alignment = 1,
    /// Access to BAR0 while memory decode is off or the device is in D3hot.
    DecodeOff = 2,
    /// DMA needed while bus mastering is off.
    BusMasterOff = 3,
    /// DMA outside live mappings, above the chip's address width, or against a mapping's direction.
    StrayDma = 4,
    /// Memory taken away while the device still owns it.
    UnmappedInUse = 5,
    /// Write to something read-only or reserved, or read of something write-only.
    Direction = 6,
    /// Register that this chip does not have.
    NoSuchRegister = 7,
    /// Access before the chip was identified; boot progress read while its privilege mask was
    /// closed; or, where the boot progress is in PGC6, access to a register that no known driver
    /// uses so early before the driver has seen boot complete.
    TooEarly = 8,
    /// Another register used while only half of the sysmem flush address was written; two
    /// register pairs set to different addresses; or a page overwritten that somebody else had set.
    FlushOrder = 9,
    /// Configuration space changed under a running device.
    Config = 12,
    /// Access after the driver had given the device back.
    AfterRelease = 13,
    /// VBIOS window misused.
    Prom = 14,
    /// Aperture accessed where its page tables map nothing, against a mapping's direction, or through a
    /// mapping that was changed without an invalidation.
    Aperture = 16,
}
