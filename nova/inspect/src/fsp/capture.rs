// SPDX-License-Identifier: GPL-2.0

//! The bytes of a packet that somebody has captured, in one of the forms in which people do.

/// How a capture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The bytes themselves.
    Binary,
    /// Hexadecimal digits, in the order of the bytes.
    Bytes,
    /// 32-bit numbers in hexadecimal, as registers show them.
    Words,
}

impl Form {
    /// For people.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Bytes => "bytes in hexadecimal",
            Self::Words => "32-bit words in hexadecimal",
        }
    }
}

/// The bytes in `file`, and how they were written.
///
/// Text is hexadecimal digits between blanks and commas, each group with `0x` before it or not. If all
/// groups have 8 digits they are words. A text with anything else in it is taken for a binary.
pub(super) fn read(file: &[u8]) -> (Form, Vec<u8>) {
    let text = std::str::from_utf8(file).ok();
    let groups: Option<Vec<Vec<u8>>> = text.map(groups_of).and_then(|groups| {
        let digits = groups.map(digits_of);
        digits.collect()
    });
    match groups {
        Some(groups) if !groups.is_empty() => {
            if groups.iter().all(|group| group.len() == 4) {
                let words = groups.iter().flat_map(|group| group.iter().rev());
                (Form::Words, words.copied().collect())
            } else {
                (Form::Bytes, groups.concat())
            }
        }
        _ => (Form::Binary, file.to_vec()),
    }
}

fn groups_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| it.is_ascii_whitespace() || it == ',')
        .filter(|group| !group.is_empty())
}

/// The bytes that digits stand for, the first two for the first.
fn digits_of(group: &str) -> Option<Vec<u8>> {
    let group = group
        .strip_prefix("0x")
        .or_else(|| group.strip_prefix("0X"))
        .unwrap_or(group);
    if group.is_empty() || group.len() % 2 != 0 {
        return None;
    }
    let pairs = group.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            // CAST: two digits make at most 255.
            Some((digit(0)? << 4 | digit(1)?) as u8)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: [u8; 8] = [0x00, 0x00, 0x00, 0xc0, 0x7e, 0xde, 0x10, 0x13];

    #[test]
    fn captures_are_read_in_every_form() {
        for (text, form) in [
            (&b"C0000000 1310DE7E"[..], Form::Words),
            (b"0xc0000000,\n0x1310de7e,\n", Form::Words),
            (b"00 00 00 c0 7e de 10 13\n", Form::Bytes),
            (b"000000c07ede1013", Form::Bytes),
            (
                b"0x00, 0x00, 0x00, 0xc0, 0x7e, 0xde, 0x10, 0x13",
                Form::Bytes,
            ),
            (&PACKET, Form::Binary),
        ] {
            assert_eq!(read(text), (form, PACKET.to_vec()), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_hexadecimal_is_binary() {
        for text in [&b""[..], b" \n", b"c0 0", b"c0-00", b"0x", b"hello", b"+1"] {
            assert_eq!(read(text), (Form::Binary, text.to_vec()), "{text:?}");
        }
    }
}
