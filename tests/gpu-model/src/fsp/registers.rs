// SPDX-License-Identifier: GPL-2.0

//! The registers of FSP that a driver may know: ports, queues, scratch groups.

use std::sync::LazyLock;

use crate::{
    chips::Families,
    regs::Reg, //
};

/// Channels, and so ports and queues.
pub const CHANNELS: usize = 8;

/// First port: address and mode; its data follow, then the next port.
const EMEMC: u32 = 0x008f_2ac0;
/// First command queue: head; its tail follows, then the next queue.
const QUEUE_HEAD: u32 = 0x008f_2c00;
/// First message queue, likewise.
const MSGQ_HEAD: u32 = 0x008f_2c80;
/// Debug state.
const SCRATCH_GROUP_2: u32 = 0x008f_0320;
/// Version of FSP's own firmware at index 1, result of the fuse check at index 3.
const SCRATCH_GROUP_3: u32 = 0x008f_0330;

/// Port: the address moves on after each write.
pub const AINCW: u32 = 1 << 24;
/// Port: the address moves on after each read.
pub const AINCR: u32 = 1 << 25;
/// Port: the address, of an aligned dword.
pub const ADDRESS: u32 = 0xfffc;

/// What an address stands for. The number is that of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Address and mode of a port.
    Ememc(usize),
    /// Data of a port.
    Ememd(usize),
    /// Start of the command; a write is the doorbell.
    QueueHead(usize),
    /// Last dword of the command.
    QueueTail(usize),
    /// Start of the message.
    MsgqHead(usize),
    /// Last dword of the message.
    MsgqTail(usize),
    /// One of the scratch registers.
    Scratch,
}

impl Register {
    /// What is at the BAR0 offset `address`, which the table has.
    pub fn at(address: u32) -> Self {
        let place = |base: u32| {
            let offset = address.checked_sub(base)?;
            let index = (offset / 8) as usize;
            (index < CHANNELS).then_some((index, offset % 8 != 0))
        };
        match (place(EMEMC), place(QUEUE_HEAD), place(MSGQ_HEAD)) {
            (Some((port, false)), _, _) => Self::Ememc(port),
            (Some((port, true)), _, _) => Self::Ememd(port),
            (_, Some((queue, false)), _) => Self::QueueHead(queue),
            (_, Some((queue, true)), _) => Self::QueueTail(queue),
            (_, _, Some((queue, false))) => Self::MsgqHead(queue),
            (_, _, Some((queue, true))) => Self::MsgqTail(queue),
            _ => Self::Scratch,
        }
    }

    /// The channel it belongs to.
    pub fn channel(self) -> Option<usize> {
        match self {
            Self::Ememc(index)
            | Self::Ememd(index)
            | Self::QueueHead(index)
            | Self::QueueTail(index)
            | Self::MsgqHead(index)
            | Self::MsgqTail(index) => Some(index),
            Self::Scratch => None,
        }
    }
}

/// Rows of one channel. A table cannot have arrays with other registers in between.
macro_rules! channel {
    ($index:literal) => {
        [
            Reg::rw(
                concat!("NV_PFSP_EMEMC(", $index, ")"),
                EMEMC + 8 * $index,
                AINCW | AINCR | ADDRESS,
            ),
            Reg::rw(
                concat!("NV_PFSP_EMEMD(", $index, ")"),
                EMEMC + 8 * $index + 4,
                u32::MAX,
            ),
            Reg::rw(
                concat!("NV_PFSP_QUEUE_HEAD(", $index, ")"),
                QUEUE_HEAD + 8 * $index,
                u32::MAX,
            ),
            Reg::rw(
                concat!("NV_PFSP_QUEUE_TAIL(", $index, ")"),
                QUEUE_HEAD + 8 * $index + 4,
                u32::MAX,
            ),
            Reg::rw(
                concat!("NV_PFSP_MSGQ_HEAD(", $index, ")"),
                MSGQ_HEAD + 8 * $index,
                u32::MAX,
            ),
            Reg::rw(
                concat!("NV_PFSP_MSGQ_TAIL(", $index, ")"),
                MSGQ_HEAD + 8 * $index + 4,
                u32::MAX,
            ),
        ]
    };
}

/// All of them.
pub static TABLE: LazyLock<Vec<Reg>> = LazyLock::new(|| {
    let scratch = [
        Reg::ro("NV_PFSP_FALCON_COMMON_SCRATCH_GROUP_2", SCRATCH_GROUP_2, 0).times(4),
        Reg::ro("NV_PFSP_FALCON_COMMON_SCRATCH_GROUP_3", SCRATCH_GROUP_3, 0).times(4),
    ];
    let channels = [
        channel!(0),
        channel!(1),
        channel!(2),
        channel!(3),
        channel!(4),
        channel!(5),
        channel!(6),
        channel!(7),
    ];
    channels
        .into_iter()
        .flatten()
        .chain(scratch)
        .map(|reg| reg.on(Families::FSP_BOOT))
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_are_those_of_the_published_header() {
        for (address, name, register) in [
            (0x8f2ac0, "NV_PFSP_EMEMC(0)", Register::Ememc(0)),
            (0x8f2ac4, "NV_PFSP_EMEMD(0)", Register::Ememd(0)),
            (0x8f2af8, "NV_PFSP_EMEMC(7)", Register::Ememc(7)),
            (0x8f2afc, "NV_PFSP_EMEMD(7)", Register::Ememd(7)),
            (0x8f2c00, "NV_PFSP_QUEUE_HEAD(0)", Register::QueueHead(0)),
            (0x8f2c04, "NV_PFSP_QUEUE_TAIL(0)", Register::QueueTail(0)),
            (0x8f2c3c, "NV_PFSP_QUEUE_TAIL(7)", Register::QueueTail(7)),
            (0x8f2c80, "NV_PFSP_MSGQ_HEAD(0)", Register::MsgqHead(0)),
            (0x8f2c84, "NV_PFSP_MSGQ_TAIL(0)", Register::MsgqTail(0)),
            (0x8f2cb8, "NV_PFSP_MSGQ_HEAD(7)", Register::MsgqHead(7)),
            (
                0x8f0320,
                "NV_PFSP_FALCON_COMMON_SCRATCH_GROUP_2",
                Register::Scratch,
            ),
            (
                0x8f0330,
                "NV_PFSP_FALCON_COMMON_SCRATCH_GROUP_3",
                Register::Scratch,
            ),
        ] {
            let reg = TABLE.iter().find(|reg| reg.offset == address).unwrap();
            assert_eq!(reg.name, name);
            assert_eq!(Register::at(address), register);
        }
        assert_eq!(TABLE.len(), 6 * CHANNELS + 2);
    }
}
