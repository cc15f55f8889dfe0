// SPDX-License-Identifier: GPL-2.0

//! Reads the trace of an emulated GPU: JSON lines, one for each thing the device saw.

use std::{
    fs::File,
    io::{
        BufRead,
        BufReader, //
    },
    path::Path,
};

use serde::Deserialize;

use crate::error::{
    Context,
    Result, //
};

/// One line of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// `bar0`, `config`, `dma_map`, `mark` and so on.
    pub kind: String,
    /// `R` or `W` for accesses.
    #[serde(default)]
    pub op: String,
    /// Offset, as `0x…`.
    #[serde(default)]
    pub addr: String,
    /// Value, as `0x…`.
    #[serde(default)]
    pub value: String,
}

/// An access to BAR0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whether it was a write.
    pub write: bool,
    /// Register offset in bytes.
    pub offset: u64,
    /// Value read or written.
    pub value: u64,
}

/// The BAR0 accesses of a trace, cut at the harness's marks: part 0 is before the first mark.
#[derive(Debug, Default)]
pub struct Trace {
    parts: Vec<Vec<Access>>,
}

impl Trace {
    /// Reads a trace file; a cut last line is ignored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).context(|| format!("the model's trace {}", path.display()))?;
        Ok(Self::read(
            BufReader::new(file)
                .lines()
                .map_while(std::result::Result::ok),
        ))
    }

    fn read(lines: impl Iterator<Item = String>) -> Self {
        let mut trace = Self {
            parts: vec![Vec::new()],
        };
        for line in lines {
            // Marks and BAR0 accesses are a small part of a long file: look before parsing.
            if !line.contains("\"bar0\"") && !line.contains("\"mark\"") {
                continue;
            }
            let Ok(line) = serde_json::from_str::<Line>(&line) else {
                continue;
            };
            if line.kind == "mark" {
                trace.parts.push(Vec::new());
            } else if let (Some(offset), Some(value), Some(part)) = (
                number(&line.addr),
                number(&line.value),
                trace.parts.last_mut(),
            ) {
                part.push(Access {
                    write: line.op == "W",
                    offset,
                    value,
                });
            }
        }
        trace
    }

    /// Reads and writes in part `n`.
    pub fn counts(&self, n: usize) -> (usize, usize) {
        let part = self.parts.get(n).map_or(&[][..], Vec::as_slice);
        let writes = part.iter().filter(|a| a.write).count();
        (part.len() - writes, writes)
    }

    /// All accesses in order.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.parts.iter().flatten()
    }

    /// Values written to `offset`, in order.
    pub fn writes_to(&self, offset: u64) -> Vec<u64> {
        self.accesses()
            .filter(|a| a.write && a.offset == offset)
            .map(|a| a.value)
            .collect()
    }
}

fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"t_us":1,"kind":"config","op":"R","addr":"0x0","size":4,"value":"0x10de"}
{"t_us":2,"kind":"bar0","op":"R","addr":"0x0","size":4,"value":"0x172000a1","name":"NV_PMC_BOOT_0"}
{"t_us":3,"kind":"mark"}
{"t_us":4,"kind":"bar0","op":"W","addr":"0x100c10","size":4,"value":"0x1234","name":"x"}
{"t_us":5,"kind":"bar0","op":"R","addr":"0x100c10","size":4,"value":"0x1234","name":"x"}
{"t_us":6,"kind":"bar0","op":"W","addr":"0x100c10","size":4,"value":"0x0","name":"x"}
{"t_us":7,"kind":"bar0","op":"W","add"#;

    #[test]
    fn accesses_are_counted_between_marks_and_a_cut_line_is_no_access() {
        let trace = Trace::read(LINES.lines().map(str::to_owned));
        assert_eq!(trace.counts(0), (1, 0));
        assert_eq!(trace.counts(1), (1, 2));
        assert_eq!(trace.counts(2), (0, 0));
        assert_eq!(trace.writes_to(0x100c10), [0x1234, 0]);
        assert!(trace.writes_to(0x4).is_empty());
    }
}
