// SPDX-License-Identifier: GPL-2.0

//! The rules a driver can break, and the record of each breach.
//!
//! Rules come in families, one for each layer; a report names a rule by the prefix of its family
//! and its number in it.

mod bus;
mod falcon;
mod fsp;
mod gsp;

use serde::Serialize;

pub use bus::BusRule;
pub use falcon::FalconRule;
pub use fsp::FspRule;
pub use gsp::GspRule;

/// A rule of any family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Bus, configuration space, registers in general.
    Bus(BusRule),
    /// Falcons and the programs on them.
    Falcon(FalconRule),
    /// FSP, and the boot that it starts.
    Fsp(FspRule),
    /// GSP-RM.
    Gsp(GspRule),
}

impl Rule {
    /// The name used in reports: prefix of the family, and two digits.
    pub fn id(self) -> String {
        let (prefix, number) = match self {
            Self::Bus(rule) => ("PV", rule as u8),
            Self::Falcon(rule) => ("FV", rule as u8),
            Self::Fsp(rule) => ("FSP", rule as u8),
            Self::Gsp(rule) => ("GV", rule as u8),
        };
        format!("{prefix}-{number:02}")
    }
}

impl From<BusRule> for Rule {
    fn from(rule: BusRule) -> Self {
        Self::Bus(rule)
    }
}

impl From<FalconRule> for Rule {
    fn from(rule: FalconRule) -> Self {
        Self::Falcon(rule)
    }
}

impl From<FspRule> for Rule {
    fn from(rule: FspRule) -> Self {
        Self::Fsp(rule)
    }
}

impl From<GspRule> for Rule {
    fn from(rule: GspRule) -> Self {
        Self::Gsp(rule)
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
    pub fn new(rule: impl Into<Rule>, what: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_name_family_and_number() {
        for (rule, want) in [
            (BusRule::Alignment.into(), "PV-01"),
            (BusRule::Aperture.into(), "PV-16"),
            (FalconRule::Alignment.into(), "FV-01"),
            (FalconRule::Handshake.into(), "FV-36"),
            (FspRule::TooEarly.into(), "FSP-01"),
            (FspRule::NotAcknowledged.into(), "FSP-08"),
            (FspRule::GspRuns.into(), "FSP-12"),
            (FspRule::MemoryInUse.into(), "FSP-19"),
            (FspRule::ReadinessElsewhere.into(), "FSP-27"),
            (GspRule::Checksum.into(), "GV-01"),
            (GspRule::LateAcknowledge.into(), "GV-32"),
        ] {
            assert_eq!(Rule::id(rule), want);
        }
    }
}
