// SPDX-License-Identifier: GPL-2.0

//! Payloads of the events that GSP-RM may send while it boots and runs, apart from the sequencer's.

use super::wire::Wire;
use crate::At;
use core::fmt;

const ERROR_TEXT_SIZE: usize = 256;

/// An event's payload has fewer bytes than the event needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Bytes needed.
    pub needed: usize,
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event of less than {} bytes", self.needed)
    }
}

fn fixed<const N: usize>(payload: &[u8]) -> Result<Wire<N>, At<Short>> {
    Wire::from_prefix(payload).ok_or(At::new(payload.len(), Short { needed: N }))
}

/// `OS_ERROR_LOG`: a line for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OsErrorLog {
    /// Kind of error ("Xid").
    pub xid: u32,
    /// Run list of the channel that is to blame.
    pub runlist: u32,
    /// The channel.
    pub channel: u32,
    text: [u8; ERROR_TEXT_SIZE],
}

impl OsErrorLog {
    /// Bytes of the payload.
    pub const SIZE: usize = 272;

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`Short`].
    pub fn parse(payload: &[u8]) -> Result<Self, At<Short>> {
        let log = fixed::<{ Self::SIZE }>(payload)?;
        Ok(Self {
            xid: log.get_u32::<0>(),
            runlist: log.get_u32::<4>(),
            channel: log.get_u32::<8>(),
            text: log.get::<12, ERROR_TEXT_SIZE>(),
        })
    }

    /// The text, up to its NUL if there is one. Other than printable characters are escaped.
    pub fn text(&self) -> impl fmt::Display + '_ {
        let text = self.text.split(|&byte| byte == 0).next();
        text.unwrap_or_default().trim_ascii_end().escape_ascii()
    }
}

/// `GSP_LOCKDOWN_NOTICE`: whether the GSP's registers may be touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lockdown {
    /// They may not from now on, those for interrupts included.
    Engaged,
    /// They may again.
    Released,
}

impl Lockdown {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`Short`].
    pub fn parse(payload: &[u8]) -> Result<Self, At<Short>> {
        Ok(match fixed::<1>(payload)?.get_u8::<0>() {
            0 => Self::Released,
            _ => Self::Engaged,
        })
    }
}

/// `RC_TRIGGERED`: a channel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RcTriggered {
    /// RM's number for the engine.
    pub engine: u32,
    /// The channel.
    pub channel: u32,
    /// Kind of error ("Xid").
    pub xid: u32,
    /// Who else is affected.
    pub scope: u32,
    /// The virtual address, if the error is an MMU fault.
    pub fault_address: u64,
    /// Kind of MMU fault.
    pub fault_type: u32,
}

impl RcTriggered {
    /// Bytes of the payload, without the journal that may follow.
    pub const SIZE: usize = 48;

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`Short`].
    pub fn parse(payload: &[u8]) -> Result<Self, At<Short>> {
        let event = fixed::<{ Self::SIZE }>(payload)?;
        let fault_low = u64::from(event.get_u32::<28>());
        Ok(Self {
            engine: event.get_u32::<0>(),
            channel: event.get_u32::<4>(),
            xid: event.get_u32::<16>(),
            scope: event.get_u32::<20>(),
            fault_address: u64::from(event.get_u32::<32>()) << 32 | fault_low,
            fault_type: event.get_u32::<36>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::words;
    use proptest::{
        collection::vec as any_vec,
        prelude::*, //
    };
    use std::{
        string::ToString,
        vec::Vec, //
    };

    fn log(text: &[u8]) -> Vec<u8> {
        let mut payload = words(&[31, 2, 7]);
        payload.extend(text);
        payload.resize(12 + 256, 0);
        payload.extend(words(&[43]));
        payload
    }

    #[test]
    fn errors_are_printed() {
        let full = [b'x'; 256];
        for (name, text, want) in [
            (
                "plain",
                &b"MMU fault at 0x1000\0junk"[..],
                "MMU fault at 0x1000",
            ),
            ("with a line's end", b"text\n\0", "text"),
            ("other characters", b"a\x1b[2J\xff\0", "a\\x1b[2J\\xff"),
            ("empty", b"", ""),
            ("without a NUL", &full, core::str::from_utf8(&full).unwrap()),
        ] {
            let payload = log(text);
            assert_eq!(payload.len(), OsErrorLog::SIZE);
            let event = OsErrorLog::parse(&payload).unwrap();
            assert_eq!(
                (event.xid, event.runlist, event.channel),
                (31, 2, 7),
                "{name}"
            );
            assert_eq!(event.text().to_string(), want, "{name}");
        }
    }

    #[test]
    fn lockdown_is_engaged_by_any_other_number_than_zero() {
        for (payload, want) in [
            (&[0][..], Ok(Lockdown::Released)),
            (&[1], Ok(Lockdown::Engaged)),
            (&[2, 0, 0, 0], Ok(Lockdown::Engaged)),
            (&[], Err(At::new(0, Short { needed: 1 }))),
        ] {
            assert_eq!(Lockdown::parse(payload), want, "{payload:?}");
        }
    }

    #[test]
    fn channel_errors_are_read() {
        let payload = words(&[
            9,
            0x123,
            2,
            3,
            31,
            4,
            0xffff_0005,
            0x9abc_d000,
            0x12,
            6,
            1,
            0,
        ]);
        assert_eq!(payload.len(), RcTriggered::SIZE);
        let want = RcTriggered {
            engine: 9,
            channel: 0x123,
            xid: 31,
            scope: 4,
            fault_address: 0x12_9abc_d000,
            fault_type: 6,
        };
        assert_eq!(RcTriggered::parse(&payload), Ok(want));
    }

    #[test]
    fn short_events_are_refused() {
        let error = OsErrorLog::parse(&log(b"")[..271]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "event of less than 272 bytes at offset 0x10f"
        );
        let error = RcTriggered::parse(&[0; 47]).unwrap_err();
        assert_eq!(error, At::new(47, Short { needed: 48 }));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_printed(text in any_vec(any::<u8>(), 0..256)) {
            let text = OsErrorLog::parse(&log(&text)).unwrap().text().to_string();
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
