// SPDX-License-Identifier: GPL-2.0

//! `rpc_unloading_guest_driver`, the payload of `UNLOADING_GUEST_DRIVER`: why GSP-RM is to stop.
//!
//! | offset | size | | unload | suspend |
//! |---|---|---|---|---|
//! | 0 | 1 | `bInPMTransition` | 0 | 1 |
//! | 1 | 1 | `bGc6Entering` | 0 | 0 |
//! | 4 | 4 | `newLevel` | 0 | 3 |
//!
//! The GSP answers, and writes [`STOPPED`] to its first mailbox when it has stopped.

use super::wire::Wire;

/// Bytes of the payload.
pub const SIZE: usize = 8;

/// What is in the GSP's first mailbox when GSP-RM has stopped.
pub const STOPPED: u32 = 0x8000_0000;

/// Why GSP-RM is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unloading {
    /// For good.
    Unload,
    /// To go on later, from what it saves.
    Suspend,
}

impl Unloading {
    /// The payload.
    pub fn encode(self) -> [u8; SIZE] {
        let (in_pm_transition, new_level) = match self {
            Self::Unload => (0, 0),
            Self::Suspend => (1, 3),
        };
        let mut payload = Wire::<SIZE>::zeroed();
        payload
            .put_u8::<0>(in_pm_transition)
            .put_u32::<4>(new_level);
        payload.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::Unloading;

    #[test]
    fn reasons_are_as_published() {
        assert_eq!(Unloading::Unload.encode(), [0; 8]);
        assert_eq!(Unloading::Suspend.encode(), [1, 0, 0, 0, 3, 0, 0, 0]);
    }
}
