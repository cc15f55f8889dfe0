// SPDX-License-Identifier: GPL-2.0

//! The line protocol between harness and guest agent (`guest/init`) on the second serial port.
//!
//! Host to guest: `run <id> <script> [name=value]…`. Guest to host: KTAP with a few conventions, so that
//! a person can read the port's log:
//!
//! ```text
//! # ready <uptime in seconds>
//! # begin 3
//! # fact bar1_bytes 268435456
//! # anything else is a note
//! ok 3 getparam            or: not ok 3 getparam # exit 1
//! ```

/// One line the guest agent said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// The agent waits for commands; seconds since the kernel started.
    Ready(String),
    /// A step started.
    Begin(u32),
    /// A measured value.
    Fact(String, String),
    /// Output of the step's script.
    Note(String),
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

/// Encodes a command. Values must not hold blanks or quotes; see [`is_plain`].
pub fn encode_run(id: u32, script: &str, args: &[(String, String)]) -> String {
    let mut line = format!("run {id} {script}");
    for (name, value) in args {
        line.push_str(&format!(" {name}={value}"));
    }
    line.push('\n');
    line
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
    if line == "#" {
        return Control::Note(String::new());
    }
    if let Some(text) = line.strip_prefix("# ") {
        return parse_comment(text);
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

fn parse_comment(text: &str) -> Control {
    let mut words = text.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some("ready"), Some(uptime), None) => Control::Ready(uptime.to_owned()),
        (Some("begin"), Some(id), None) if id.parse::<u32>().is_ok() => {
            Control::Begin(id.parse().unwrap_or_default())
        }
        (Some("fact"), Some(name), Some(value)) => Control::Fact(name.to_owned(), value.to_owned()),
        _ => Control::Note(text.to_owned()),
    }
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
            ("# begin again", Control::Note("begin again".into())),
            (
                "# fact bars 1 2 3",
                Control::Fact("bars".into(), "1 2 3".into()),
            ),
            (
                "# driver is nova_core",
                Control::Note("driver is nova_core".into()),
            ),
            ("#", Control::Note(String::new())),
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
        assert_eq!(
            encode_run(7, "bind", &args),
            "run 7 bind bdf=0000:01:00.0\n"
        );
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
