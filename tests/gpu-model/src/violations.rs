// SPDX-License-Identifier: GPL-2.0

//! The rules a driver can break, and the record of each breach.

use serde::Serialize;

/// A rule. The number is the one used in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rule {
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
}

impl Rule {
    /// The name used in reports: `PV-` and two digits.
    pub fn id(self) -> String {
        format!("PV-{:02}", self as u8)
    }
}

/// A breach of a rule, as an engine or the device states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which rule.
    pub rule: Rule,
    /// What happened, in words a driver author can act on.
    pub what: String,
}

impl Complaint {
    /// States that `rule` was broken by `what`.
    pub fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self {
            rule,
            what: what.into(),
        }
    }
}

/// A breach as it appears in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Rule, such as `PV-07`.
    pub id: String,
    /// Microseconds since the model started.
    pub time_us: u64,
    /// What happened.
    pub what: String,
    /// BAR0 offset, configuration offset or bus address, in hex.
    pub address: String,
    /// Value written or returned, in hex.
    pub value: String,
    /// How far the driver had come.
    pub phase: &'static str,
}
