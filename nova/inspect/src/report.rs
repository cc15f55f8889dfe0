// SPDX-License-Identifier: GPL-2.0

//! What was found, as a tree that can be printed for people and for programs.

use crate::verdict::Verdict;
use serde_json::json;
use std::fmt::{
    self,
    Write, //
};

/// A value of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Not there.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// A number to be counted with.
    Number(u64),
    /// A number that is an offset, an address, a size or a set of bits: for people in hexadecimal.
    Hex(u64),
    /// Words.
    Text(String),
    /// Several of a kind.
    List(Vec<Value>),
    /// Several of different kinds.
    Fields(Fields),
}

/// Named values, in the order in which they are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    pub fn put(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Self {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a number that people want in hexadecimal.
    pub fn put_hex(&mut self, name: &'static str, value: impl TryInto<u64>) -> &mut Self {
        self.put(name, hex(value))
    }

    /// The values with one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.put(name, value);
        self
    }

    /// The values with one more number that people want in hexadecimal.
    #[must_use]
    pub fn with_hex(self, name: &'static str, value: impl TryInto<u64>) -> Self {
        self.with(name, hex(value))
    }
}

/// A number for people in hexadecimal. One that does not fit 64 bits is [`Value::Nothing`].
pub fn hex(value: impl TryInto<u64>) -> Value {
    value.try_into().map_or(Value::Nothing, Value::Hex)
}

/// Bytes in hexadecimal, in their order.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        // CAST: `usize` has at most 64 bits.
        Self::Number(value as u64)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Fields> for Value {
    fn from(value: Fields) -> Self {
        Self::Fields(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(value: Vec<T>) -> Self {
        Self::List(value.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

impl Value {
    /// Whether it has values of its own.
    fn is_tree(&self) -> bool {
        match self {
            Self::List(list) => !list.is_empty(),
            other => matches!(other, Self::Fields(_)),
        }
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Nothing => serde_json::Value::Null,
            Self::Flag(flag) => json!(flag),
            Self::Number(number) | Self::Hex(number) => json!(number),
            Self::Text(text) => json!(text),
            Self::List(list) => list.iter().map(Self::json).collect(),
            Self::Fields(fields) => fields.json(),
        }
    }

    fn write(&self, out: &mut String, indent: usize) -> fmt::Result {
        match self {
            Self::List(list) if list.is_empty() => write!(out, "none"),
            Self::List(list) => list.iter().try_for_each(|value| {
                write!(out, "\n{:indent$}- ", "")?;
                value.write_item(out, indent + 2)
            }),
            Self::Fields(fields) => fields.0.iter().try_for_each(|(name, value)| {
                write!(out, "\n{:indent$}{name}:", "")?;
                if !value.is_tree() {
                    out.push(' ');
                }
                value.write(out, indent + 2)
            }),
            Self::Nothing => write!(out, "none"),
            Self::Flag(true) => write!(out, "yes"),
            Self::Flag(false) => write!(out, "no"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Hex(number) => write!(out, "{number:#x}"),
            Self::Text(text) => write!(out, "{text}"),
        }
    }

    /// An item of a list: on one line, except for what its values hold.
    fn write_item(&self, out: &mut String, indent: usize) -> fmt::Result {
        let Self::Fields(fields) = self else {
            return self.write(out, indent);
        };
        let (trees, plain): (Vec<_>, Vec<_>) =
            fields.0.iter().partition(|(_, value)| value.is_tree());
        for (index, (name, value)) in plain.into_iter().enumerate() {
            write!(out, "{}{name} ", if index == 0 { "" } else { ", " })?;
            value.write(out, indent)?;
        }
        trees.into_iter().try_for_each(|(name, value)| {
            write!(out, "\n{:indent$}{name}:", "")?;
            value.write(out, indent + 2)
        })
    }
}

impl Fields {
    fn json(&self) -> serde_json::Value {
        let fields = self
            .0
            .iter()
            .map(|(name, value)| (name.replace([' ', '-'], "_"), value.json()));
        serde_json::Value::Object(fields.collect())
    }
}

/// What a command has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was looked at.
    pub subject: String,
    /// What was found, up to what made the driver refuse.
    pub found: Fields,
    /// What the driver would make of it.
    pub verdict: Verdict,
}

impl Report {
    /// Text that ends with the verdict and a newline.
    pub fn text(&self) -> String {
        let mut out = self.subject.clone();
        // Writing to a string cannot fail.
        let _ = Value::Fields(self.found.clone()).write(&mut out, 2);
        match &self.verdict {
            Ok(()) => out.push_str("\n  verdict: ok\n"),
            Err(refusal) => out.push_str(&format!("\n  verdict: {refusal}\n")),
        }
        out
    }

    /// The same for programs. Names have underscores for blanks.
    pub fn json(&self) -> serde_json::Value {
        let verdict = match &self.verdict {
            Ok(()) => json!({ "errno": null }),
            Err(refusal) => json!({
                "errno": refusal.errno.name(),
                "offset": refusal.offset,
                "reason": refusal.reason,
            }),
        };
        json!({ "subject": self.subject, "found": self.found.json(), "verdict": verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{
        Errno,
        Refusal, //
    };

    fn report() -> Report {
        Report {
            subject: "a file".into(),
            found: Fields::new()
                .with_hex("size", 4096usize)
                .with("words", 7u32)
                .with("checksum ok", true)
                .with("name", None::<String>)
                .with(
                    "parts",
                    vec![
                        Fields::new().with_hex("at", 16u32).with("kind", "code"),
                        Fields::new()
                            .with_hex("at", 32u32)
                            .with("kind", "data")
                            .with("names", vec!["a", "b"]),
                    ],
                )
                .with("empty", Vec::<String>::new()),
            verdict: Err(Refusal {
                errno: Errno::Einval,
                offset: Some(16),
                reason: "no code at offset 0x10".into(),
            }),
        }
    }

    #[test]
    fn text_is_for_people() {
        assert_eq!(
            report().text(),
            "\
a file
  size: 0x1000
  words: 7
  checksum ok: yes
  name: none
  parts:
    - at 0x10, kind code
    - at 0x20, kind data
      names:
        - a
        - b
  empty: none
  verdict: EINVAL: no code at offset 0x10
"
        );
    }

    #[test]
    fn json_is_for_programs() {
        assert_eq!(
            report().json(),
            json!({
                "subject": "a file",
                "found": {
                    "size": 4096,
                    "words": 7,
                    "checksum_ok": true,
                    "name": null,
                    "parts": [
                        { "at": 16, "kind": "code" },
                        { "at": 32, "kind": "data", "names": ["a", "b"] },
                    ],
                    "empty": [],
                },
                "verdict": { "errno": "EINVAL", "offset": 16, "reason": "no code at offset 0x10" },
            })
        );
    }

    #[test]
    fn a_good_verdict_is_short() {
        let mut report = report();
        report.verdict = Ok(());
        assert!(report.text().ends_with("\n  verdict: ok\n"));
        assert_eq!(report.json()["verdict"], json!({ "errno": null }));
    }
}
