// SPDX-License-Identifier: GPL-2.0

//! What an emulated GPU reports at its end: violations, counters, registers.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path, //
};

use serde::Deserialize;

use crate::error::{
    Context,
    Result, //
};

/// Something the driver did that real hardware would not accept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Violation {
    /// Identifier in the specification, such as `PV-04`.
    pub id: String,
    /// What was wrong, in words.
    #[serde(default)]
    pub what: String,
    /// Register offset or bus address, as the model prints it.
    #[serde(default)]
    pub address: serde_json::Value,
    /// Value written or read, as the model prints it.
    #[serde(default)]
    pub value: serde_json::Value,
    /// Stage of bring-up it happened in.
    #[serde(default)]
    pub phase: serde_json::Value,
}

impl Violation {
    /// Whether it is the same mistake at the same place, whatever value and phase.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.id, &self.what, &self.address) == (&other.id, &other.what, &other.address)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} (address {}, value {}, phase {})",
            self.id, self.what, self.address, self.value, self.phase
        )
    }
}

/// How often a register was touched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Touched {
    /// Reads by the driver.
    #[serde(default)]
    pub reads: u64,
    /// Writes by the driver.
    #[serde(default)]
    pub writes: u64,
}

/// The report of one emulated GPU.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Report {
    /// What the driver did wrong.
    #[serde(default)]
    pub violations: Vec<Violation>,
    /// Named counts, such as `bar0_reads`.
    #[serde(default)]
    pub counters: BTreeMap<String, u64>,
    /// Registers touched; the key starts with the offset.
    #[serde(default)]
    pub registers: BTreeMap<String, Touched>,
}

impl Report {
    /// Reads a report file.
    ///
    /// # Errors
    /// When the model left none, or something else.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .context(|| format!("the model's report {}", path.display()))?;
        serde_json::from_str(&text).context(|| path.display().to_string())
    }

    /// A counter; one the model does not know is 0.
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_and_missing_parts_are_empty() {
        let text = r#"{"chip":"ga102","vram":25769803776,
            "violations":[{"id":"PV-04","time_us":3,"what":"DMA outside","address":"0x1000","value":0,"phase":"probe"}],
            "counters":{"bar0_reads":17},
            "registers":{"0x000000 NV_PMC_BOOT_0":{"reads":2,"writes":0}}}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert_eq!(report.counter("bar0_reads"), 17);
        assert_eq!(report.counter("unknown"), 0);
        assert_eq!(report.registers["0x000000 NV_PMC_BOOT_0"].reads, 2);
        assert_eq!(
            report.violations[0].to_string(),
            r#"PV-04: DMA outside (address "0x1000", value 0, phase "probe")"#
        );
        assert_eq!(
            serde_json::from_str::<Report>("{}").unwrap(),
            Report::default()
        );
    }

    #[test]
    fn a_missing_report_is_named() {
        let error = Report::load(Path::new("/no/report.json"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the model's report /no/report.json"),
            "{error}"
        );
    }
}
