// SPDX-License-Identifier: GPL-2.0

//! The line protocol between harness and guest agent (`guest/init`) on the second serial port.
//!
//! Host to guest: `run <id> <script> [name=value]…`, and after a `+` further scripts for the same time. Guest to
//! host: KTAP with a few conventions, so that a person can read the port's log:
//!
//! ```text
//! # ready <uptime in seconds>
//! # begin 3
//! # 3 fact bar1_bytes 268435456
//! # 3 anything else is a note
//! ok 3 getparam            or: not ok 3 getparam # exit 1
//! ```

/// One line the guest agent said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// The agent waits for commands; seconds since the kernel started.
    Ready(String),
    /// A step started.
    Begin(u32),
    /// A value that this step has measured.
    Fact(u32, String, String),
    /// Output of this step's script.
    Note(u32, String),
    /// The step ended; the reason is empty when it passed.
    End {
        /// Number given by the host.
        id: u32,
        /// Whether the script's exit status was 0.
        ok: bool,
        /// Text after `#`, such as `exit 1`.
        why: String,
    },
    /// Not our protocol: kept in the log.
    Foreign(String),
}

/// A script that the guest is to run: its number, its name and its arguments.
pub type Run<'a> = (u32, &'a str, &'a [(String, String)]);

/// Encodes a command to run these scripts at the same time. Values must not hold blanks or quotes; see
/// [`is_plain`].
pub fn encode_run(scripts: &[Run<'_>]) -> String {
    let one = |(id, script, args): &Run<'_>| {
        let args: String = args.iter().map(|(n, v)| format!(" {n}={v}")).collect();
        format!("{id} {script}{args}")
    };
    let all: Vec<String> = scripts.iter().map(one).collect();
    format!("run {}\n", all.join(" + "))
}

/// Whether a value can travel in a command without quoting.
pub fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"'\"\\$`;&|<>()*?[]#~".contains(&b))
}

/// Understands one line from the guest.
pub fn parse(line: &str) -> Control {
    let line = line.trim_end();
    if let Some(text) = line.strip_prefix("# ") {
        return parse_comment(text).unwrap_or_else(|| Control::Foreign(line.to_owned()));
    }
    let (ok, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Control::Foreign(line.to_owned()),
    };
    let (head, why) = rest.split_once(" # ").unwrap_or((rest, ""));
    match head
        .split_whitespace()
        .next()
        .and_then(|id| id.parse().ok())
    {
        Some(id) => Control::End {
            id,
            ok,
            why: why.to_owned(),
        },
        None => Control::Foreign(line.to_owned()),
    }
}

fn parse_comment(text: &str) -> Option<Control> {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match first {
        "ready" if !rest.is_empty() => return Some(Control::Ready(rest.to_owned())),
        "begin" => return rest.parse().ok().map(Control::Begin),
        _ => {}
    }
    let id = first.parse().ok()?;
    let mut words = rest.splitn(3, ' ');
    Some(match (words.next(), words.next(), words.next()) {
        (Some("fact"), Some(name), Some(value)) => {
            Control::Fact(id, name.to_owned(), value.to_owned())
        }
        _ => Control::Note(id, rest.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_line_is_understood() {
        let end = |id, ok, why: &str| Control::End {
            id,
            ok,
            why: why.to_owned(),
        };
        for (line, wanted) in [
            ("# ready 2.53", Control::Ready("2.53".into())),
            ("# begin 3", Control::Begin(3)),
            ("# begin again", Control::Foreign("# begin again".into())),
            (
                "# 7 fact bars 1 2 3",
                Control::Fact(7, "bars".into(), "1 2 3".into()),
            ),
            (
                "# 12 driver is nova_core",
                Control::Note(12, "driver is nova_core".into()),
            ),
            ("# 12 ", Control::Note(12, String::new())),
            ("# nobody's", Control::Foreign("# nobody's".into())),
            ("ok 3 getparam", end(3, true, "")),
            ("not ok 4 bind # exit 1", end(4, false, "exit 1")),
            ("ok then", Control::Foreign("ok then".into())),
            (
                "sh: syntax error",
                Control::Foreign("sh: syntax error".into()),
            ),
            ("", Control::Foreign(String::new())),
        ] {
            assert_eq!(parse(line), wanted, "{line:?}");
        }
    }

    #[test]
    fn commands_carry_their_arguments() {
        let args = [("bdf".to_owned(), "0000:01:00.0".to_owned())];
        let one = (7, "bind", &args[..]);
        assert_eq!(encode_run(&[one]), "run 7 bind bdf=0000:01:00.0\n");
        let two = (8, "hello", &[][..]);
        let wanted = "run 7 bind bdf=0000:01:00.0 + 8 hello\n";
        assert_eq!(encode_run(&[one, two]), wanted);
    }

    #[test]
    fn values_that_a_shell_would_change_are_not_plain() {
        for (value, plain) in [
            ("0000:01:00.0", true),
            ("a,b=c", true),
            ("", false),
            ("a b", false),
            ("$x", false),
            ("a;b", false),
        ] {
            assert_eq!(is_plain(value), plain, "{value:?}");
        }
    }
}
