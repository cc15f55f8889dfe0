// SPDX-License-Identifier: GPL-2.0

//! `GSP_ARGUMENTS_CACHED`: GSP-RM's own arguments, at the start of the page named `RMARGS`.

use super::{
    queue,
    wire::Wire, //
};

/// Bytes of the arguments. The rest of their page is 0.
pub const SIZE: usize = 72;

/// Offsets of the fields that are written, under their published names.
mod at {
    pub(super) const SHARED_MEM_PHYS_ADDR: usize = 0;
    pub(super) const PAGE_TABLE_ENTRY_COUNT: usize = 8;
    pub(super) const CMD_QUEUE_OFFSET: usize = 16;
    pub(super) const STAT_QUEUE_OFFSET: usize = 24;
    pub(super) const OLD_LEVEL: usize = 32;
    pub(super) const FLAGS: usize = 36;
    pub(super) const IN_PM_TRANSITION: usize = 40;
    pub(super) const GPU_INSTANCE: usize = 44;
    pub(super) const DMEM_STACK: usize = 48;
}

/// State is preserved (bit 0), in a power transition (bit 2).
const RESUME_FLAGS: u32 = 1 << 0 | 1 << 2;
/// The power level GSP-RM was left at when it was suspended.
const SUSPENDED: u32 = 3;

/// How GSP-RM starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// From nothing.
    Cold,
    /// From what it saved when it was suspended. The queues go on where they were.
    Resume,
}

/// The arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RmArgs {
    /// The queues' memory.
    pub queues: queue::Memory,
    /// How GSP-RM starts.
    pub start: Start,
}

impl RmArgs {
    /// The arguments' bytes.
    pub fn encode(&self) -> [u8; SIZE] {
        let (old_level, flags, in_pm_transition) = match self.start {
            Start::Cold => (0, 0, 0),
            Start::Resume => (SUSPENDED, RESUME_FLAGS, 1),
        };
        let mut args = Wire::<SIZE>::zeroed();
        // CAST: small constants.
        args.put_u64::<{ at::SHARED_MEM_PHYS_ADDR }>(self.queues.address())
            .put_u32::<{ at::PAGE_TABLE_ENTRY_COUNT }>(queue::PAGES as u32)
            .put_u64::<{ at::CMD_QUEUE_OFFSET }>(queue::COMMAND_QUEUE as u64)
            .put_u64::<{ at::STAT_QUEUE_OFFSET }>(queue::STATUS_QUEUE as u64)
            .put_u32::<{ at::OLD_LEVEL }>(old_level)
            .put_u32::<{ at::FLAGS }>(flags)
            .put_u8::<{ at::IN_PM_TRANSITION }>(in_pm_transition)
            .put_u32::<{ at::GPU_INSTANCE }>(0)
            .put_u8::<{ at::DMEM_STACK }>(1);
        args.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::words;

    #[test]
    fn cold_and_resume_are_as_published() {
        let queues = queue::Memory::new(0x12_3456_7000).unwrap();
        for (name, start, sr) in [
            ("cold", Start::Cold, [0, 0, 0]),
            ("resume", Start::Resume, [3, 5, 1]),
        ] {
            let mut want = words(&[0x3456_7000, 0x12, 129, 0, 0x1000, 0, 0x4_1000, 0]);
            want.extend(words(&sr));
            want.extend(words(&[0, 1, 0, 0, 0, 0, 0]));
            assert_eq!(RmArgs { queues, start }.encode()[..], want, "{name}");
        }
    }
}
