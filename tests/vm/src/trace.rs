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
    /// Microseconds since the emulated GPU started.
    #[serde(default)]
    pub t_us: u64,
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
    /// Length in bytes.
    #[serde(default)]
    pub size: u64,
    /// Register, message, state or fault.
    #[serde(default)]
    pub name: String,
}

/// An access to BAR0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Microseconds since the emulated GPU started.
    pub t_us: u64,
    /// Whether it was a write.
    pub write: bool,
    /// Register offset in bytes.
    pub offset: u64,
    /// Value read or written.
    pub value: u64,
}

/// What lies between two marks of the harness.
#[derive(Debug, Default)]
pub struct Part {
    /// Accesses to BAR0, in order.
    pub accesses: Vec<Access>,
    /// What the device did by itself: DMA, messages, interrupts, states.
    pub events: Vec<Line>,
}

impl Part {
    /// Events of this kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Line> {
        self.events.iter().filter(move |event| event.kind == kind)
    }
}

/// A trace, cut at the harness's marks: part 0 is before the first mark.
#[derive(Debug, Default)]
pub struct Trace {
    parts: Vec<Part>,
}

/// Kinds of lines that say how the bus was set up, or come from elsewhere: nothing is made of them.
const UNUSED: &[&str] = &["\"config\"", "\"dma_map\"", "\"dma_unmap\""];

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

    pub(crate) fn read(lines: impl Iterator<Item = String>) -> Self {
        let mut trace = Self {
            parts: vec![Part::default()],
        };
        for line in lines {
            // Traces are long: look before parsing.
            if UNUSED.iter().any(|kind| line.contains(kind)) {
                continue;
            }
            let Ok(line) = serde_json::from_str::<Line>(&line) else {
                continue;
            };
            let Some(part) = trace.parts.last_mut() else {
                continue;
            };
            match (line.kind.as_str(), number(&line.addr), number(&line.value)) {
                ("mark", _, _) => trace.parts.push(Part::default()),
                ("bar0", Some(offset), Some(value)) => part.accesses.push(Access {
                    t_us: line.t_us,
                    write: line.op == "W",
                    offset,
                    value,
                }),
                _ => part.events.push(line),
            }
        }
        trace
    }

    /// Part `n`, if there are so many.
    pub fn part(&self, n: usize) -> Option<&Part> {
        self.parts.get(n)
    }

    /// Reads and writes in part `n`.
    pub fn counts(&self, n: usize) -> (usize, usize) {
        let part = self.part(n).map_or(&[][..], |part| &part.accesses);
        let writes = part.iter().filter(|a| a.write).count();
        (part.len() - writes, writes)
    }

    /// All accesses in order.
    pub fn accesses(&self) -> impl Iterator<Item = &Access> {
        self.parts.iter().flat_map(|part| &part.accesses)
    }

    /// What the GPU's firmware was told under this name, in order.
    pub fn told(&self, name: &str) -> Vec<u64> {
        self.parts
            .iter()
            .flat_map(|part| part.of_kind("fmc"))
            .filter(|line| line.op == "told" && line.name == name)
            .filter_map(|line| number(&line.value))
            .collect()
    }

    /// Values written to `offset`, in order.
    pub fn writes_to(&self, offset: u64) -> Vec<u64> {
        self.accesses()
            .filter(|a| a.write && a.offset == offset)
            .map(|a| a.value)
            .collect()
    }
}

/// Reads a number that is written as `0x…`.
pub fn number(text: &str) -> Option<u64> {
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

    #[test]
    fn what_the_device_does_is_kept_with_its_part() {
        let lines = [
            r#"{"t_us":1,"kind":"dma_map","op":"fd","addr":"0x0","size":4096,"value":"0x3"}"#,
            r#"{"t_us":2,"kind":"mark"}"#,
            r#"{"t_us":3,"kind":"irq","op":"MSI","value":"0x0"}"#,
            r#"{"t_us":9,"kind":"dma","op":"R","addr":"0x1000","size":256,"name":"GSP"}"#,
        ];
        let trace = Trace::read(lines.iter().map(|l| (*l).to_owned()));
        assert!(trace.part(0).is_some_and(|p| p.events.is_empty()));
        let part = trace.part(1).unwrap();
        assert_eq!(part.of_kind("irq").count(), 1);
        let sizes: Vec<u64> = part.of_kind("dma").map(|l| l.size).collect();
        assert_eq!((sizes, part.events[1].t_us), (vec![256], 9));
        assert!(trace.part(2).is_none());
    }
}
