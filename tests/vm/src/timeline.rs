// SPDX-License-Identifier: GPL-2.0

//! When the driver did what while it brought the card up, and what the card saw meanwhile.
//!
//! The driver tells its stages in a debugfs file, the emulated GPU writes a trace. Both have clocks of their
//! own; they are laid side by side so that the first access to a register is the beginning of the driver's
//! first stage. That is right to within the time from there to the access, which is less than can be seen.

use crate::error::{
    Error,
    Result, //
};

pub mod device;
pub mod svg;

/// What the guest's scripts put before each line of the driver's file.
pub const MARK: &str = "timeline: ";

/// Width of the bar in a table, in characters.
const BAR: usize = 40;

/// A stage of the bring-up, in the driver's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Microseconds from the beginning of probe.
    pub start_us: u64,
    /// How long it took, in microseconds; nothing if it is not over.
    pub duration_us: Option<u64>,
    /// 0 or a negative errno; nothing if it is not over.
    pub result: Option<i32>,
    /// Of how many other stages it is a part.
    pub depth: usize,
    /// What it is.
    pub name: String,
}

impl Stage {
    /// Its end in microseconds, or its beginning if it is not over.
    pub fn end_us(&self) -> u64 {
        self.start_us + self.duration_us.unwrap_or(0)
    }
}

/// Reads the driver's file: start, duration, result, depth and name in each line; `#` begins a comment.
///
/// # Errors
/// Shows the first line that is none of these.
pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Stage>> {
    let mut stages = Vec::new();
    for line in lines {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        stages.push(
            stage(line).ok_or_else(|| Error::new(format!("no line of a timeline: '{line}'")))?,
        );
    }
    Ok(stages)
}

fn stage(line: &str) -> Option<Stage> {
    let mut words = line.splitn(5, ' ');
    let start_us = words.next()?.parse().ok()?;
    let duration_us = optional(words.next()?)?;
    let result = optional(words.next()?)?;
    let depth = words.next()?.parse().ok()?;
    let name = words.next().filter(|name| !name.is_empty())?.to_owned();
    Some(Stage {
        start_us,
        duration_us,
        result,
        depth,
        name,
    })
}

/// A number, or `-` for none.
fn optional<T: std::str::FromStr>(word: &str) -> Option<Option<T>> {
    match word {
        "-" => Some(None),
        _ => word.parse().ok().map(Some),
    }
}

/// The stages as lines for a terminal, with a bar for each.
pub fn table(stages: &[Stage]) -> Vec<String> {
    let whole = stages.iter().map(Stage::end_us).max().unwrap_or(0).max(1);
    let mut lines = vec![format!(
        "{:>10} {:>10}  {:<30} |{:<BAR$}|",
        "start ms", "took ms", "stage", ""
    )];
    for stage in stages {
        // CAST: at most BAR.
        let column = |us: u64| (us * BAR as u64 / whole) as usize;
        let (from, to) = (column(stage.start_us), column(stage.end_us()));
        let from = from.min(BAR - 1);
        let length = (to - from.min(to)).max(1);
        let name = format!("{}{}", "  ".repeat(stage.depth), stage.name);
        let took = stage
            .duration_us
            .map_or_else(|| "running".to_owned(), milliseconds);
        let failed = match stage.result {
            Some(errno) if errno != 0 => format!(" errno {}", -errno),
            _ => String::new(),
        };
        lines.push(format!(
            "{:>10} {took:>10}  {name:<30} |{}{}{}|{failed}",
            milliseconds(stage.start_us),
            " ".repeat(from),
            "=".repeat(length),
            " ".repeat(BAR - from - length.min(BAR - from)),
        ));
    }
    lines
}

/// Microseconds as milliseconds with two digits after the point.
pub fn milliseconds(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# start_us duration_us result depth stage
0 1500 0 0 identify
1500 900000 0 0 boot
2000 400000 -110 1 load firmware
901500 - - 0 static-info
";

    #[test]
    fn the_drivers_file_is_understood() {
        let stages = parse(FILE.lines()).unwrap();
        assert_eq!(stages.len(), 4);
        let wanted = Stage {
            start_us: 2000,
            duration_us: Some(400_000),
            result: Some(-110),
            depth: 1,
            name: "load firmware".into(),
        };
        assert_eq!(stages[2], wanted);
        assert_eq!((stages[3].duration_us, stages[3].result), (None, None));
    }

    #[test]
    fn a_line_of_something_else_is_shown() {
        for line in ["identify", "1 2 3 4", "1 2 0 0 ", "1 x 0 0 name"] {
            let error = parse([line]).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }

    #[test]
    fn the_table_shows_order_length_depth_and_failure() {
        let lines = table(&parse(FILE.lines()).unwrap());
        assert_eq!(lines.len(), 5);
        let width = |line: &String| line.rfind('|').unwrap();
        assert!(lines.iter().all(|line| width(line) == width(&lines[0])));
        assert!(
            lines[1].contains("0.00       1.50  identify"),
            "{}",
            lines[1]
        );
        assert!(lines[2].matches('=').count() > 35, "{}", lines[2]);
        assert!(lines[3].contains("  load firmware"), "{}", lines[3]);
        assert!(lines[3].ends_with("| errno 110"), "{}", lines[3]);
        assert!(lines[4].contains("running"), "{}", lines[4]);
        assert!(lines[4].ends_with("=|"), "{}", lines[4]);
    }
}
