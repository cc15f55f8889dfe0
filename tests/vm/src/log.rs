// SPDX-License-Identifier: GPL-2.0

//! Text of the kernel log: cutting a byte stream into lines and taking printk's prefix off.

use std::collections::VecDeque;

/// How many lines are shown with a failure.
pub const TAIL_LINES: usize = 20;

/// Cuts bytes into lines; a line that never ends is kept until [`Lines::rest`] asks for it.
#[derive(Debug, Default)]
pub struct Lines {
    pending: Vec<u8>,
}

impl Lines {
    /// Adds bytes and returns the lines they completed, without line ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                lines.push(self.take());
            } else {
                self.pending.push(byte);
            }
        }
        lines
    }

    /// The unfinished last line, if the stream ended in one.
    pub fn rest(&mut self) -> Option<String> {
        (!self.pending.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let line = String::from_utf8_lossy(&self.pending)
            .trim_end_matches('\r')
            .to_owned();
        self.pending.clear();
        line
    }
}

/// The last [`TAIL_LINES`] lines.
#[derive(Debug, Default, Clone)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    /// Adds a line and forgets the oldest when full.
    pub fn push(&mut self, line: &str) {
        if self.lines.len() == TAIL_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    /// The kept lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// The message of a console line: without log level (`<4>`), time (`[    1.234567]`) and caller
/// (`[   T42]`) prefixes. Leading blanks of the message itself stay: KTAP needs them.
pub fn message(line: &str) -> &str {
    let mut rest = line;
    if let Some((level, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
        if !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit()) {
            rest = after;
        }
    }
    while let Some(after) = strip_bracket(rest) {
        rest = after;
    }
    rest
}

/// Strips one `[…] ` group that holds a time or a caller (`T12`, `C0`).
fn strip_bracket(text: &str) -> Option<&str> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let inside = inside.trim_start();
    let is_time = inside.contains('.') && inside.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_caller = inside
        .strip_prefix(['T', 'C'])
        .is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    (is_time || is_caller).then(|| after.strip_prefix(' ').unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_any_cutting_of_the_stream() {
        let mut lines = Lines::default();
        assert!(lines.push(b"[    0.1] he").is_empty());
        assert_eq!(
            lines.push(b"llo\r\nnext\n\nta"),
            ["[    0.1] hello", "next", ""]
        );
        assert_eq!(lines.rest().as_deref(), Some("ta"));
        assert_eq!(lines.rest(), None);
    }

    #[test]
    fn prefixes_are_taken_off_and_nothing_else() {
        for (line, wanted) in [
            ("[    1.234567] nova: hi", "nova: hi"),
            ("<4>[   12.000001][  T123] WARNING: x", "WARNING: x"),
            ("[    1.2]     ok 1 case", "    ok 1 case"),
            ("[drm] Initialized nova-drm", "[drm] Initialized nova-drm"),
            ("plain", "plain"),
            ("<not a level> text", "<not a level> text"),
            ("[    3.0] [drm] x", "[drm] x"),
        ] {
            assert_eq!(message(line), wanted, "{line:?}");
        }
    }

    #[test]
    fn the_tail_keeps_the_newest_lines() {
        let mut tail = Tail::default();
        for n in 0..TAIL_LINES + 3 {
            tail.push(&n.to_string());
        }
        let lines = tail.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (TAIL_LINES, "3"));
    }
}
