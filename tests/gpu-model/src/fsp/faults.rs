// SPDX-License-Identifier: GPL-2.0

//! What may go wrong with FSP: data that the model consults. Names are those of the command line.

use super::Queue;

/// What is wrong with its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFault {
    /// There is none.
    None,
    /// It ends before the error code.
    Short,
    /// It has a dword more than it needs.
    Long,
    /// It is longer than a channel.
    Huge,
    /// It does not end with a dword.
    Odd,
    /// The queue says that it ends before it begins.
    TailBelowHead,
    /// It is not the first packet of a message.
    NotFirst,
    /// It is not the last packet of a message.
    NotLast,
    /// It comes from another vendor.
    Vendor,
    /// It is no vendor-defined message.
    MessageType,
    /// It is no answer.
    NvdmType,
    /// It answers another command.
    Command,
    /// It answers a command whose number has more bits than a command has.
    CommandBits,
    /// It says that the command has failed with this code.
    Error(u32),
    /// Parts of its headers are set that nobody may look at.
    HeaderNoise,
}

impl AnswerFault {
    /// Name of the fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "fsp-no-response",
            Self::Short => "fsp-response-short",
            Self::Long => "fsp-response-long",
            Self::Huge => "fsp-response-huge",
            Self::Odd => "fsp-response-odd",
            Self::TailBelowHead => "fsp-tail-below-head",
            Self::NotFirst => "fsp-som-clear",
            Self::NotLast => "fsp-eom-clear",
            Self::Vendor => "fsp-wrong-vendor",
            Self::MessageType => "fsp-wrong-message-type",
            Self::NvdmType => "fsp-wrong-nvdm-type",
            Self::Command => "fsp-wrong-command",
            Self::CommandBits => "fsp-command-bits",
            Self::Error(_) => "fsp-error",
            Self::HeaderNoise => "fsp-header-noise",
        }
    }

    /// Is the command carried out? Where a driver could not know, FSP has failed as a whole.
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::Long | Self::HeaderNoise)
    }

    /// Changes the answer `packet`, and returns it with the queue that announces it.
    pub fn apply(self, mut packet: Vec<u8>) -> Option<(Vec<u8>, Queue)> {
        let mut flip = |at: usize, bits: u32| {
            if let Some(place) = packet.get_mut(at..at + 4) {
                for (byte, bits) in place.iter_mut().zip(bits.to_le_bytes()) {
                    *byte ^= bits;
                }
            }
        };
        match self {
            Self::None => return None,
            Self::Short => packet.truncate(16),
            Self::Long => packet.resize(packet.len().max(20) + 4, 0),
            Self::Huge => packet.resize(1028, 0),
            Self::Odd => packet.truncate(18),
            Self::TailBelowHead => {}
            Self::NotFirst => flip(0, 1 << 31),
            Self::NotLast => flip(0, 1 << 30),
            Self::Vendor => flip(4, 0x0001_0000),
            Self::MessageType => flip(4, 0x0000_0001),
            Self::NvdmType => flip(4, 0x0100_0000),
            // PRC and COT, each for the other.
            Self::Command => flip(12, 0x13 ^ 0x14),
            Self::CommandBits => flip(12, 0x100),
            Self::Error(code) => {
                packet.truncate(16);
                packet.extend(code.to_le_bytes());
            }
            // Version, endpoints, tag and its owner, sequence.
            Self::HeaderNoise => flip(0, 0x2d55_aa01),
        }
        // CAST: answers are short.
        let tail = packet.len() as u32 - 4;
        let queue = if self == Self::TailBelowHead {
            Queue {
                head: tail + 4,
                tail,
            }
        } else {
            Queue { head: 0, tail }
        };
        Some((packet, queue))
    }
}

/// Name of the fault that delays answers.
pub const LATE: &str = "fsp-response-late";
/// Name of the fault that leaves an answer for nobody.
pub const STALE: &str = "fsp-stale-message";
/// Name of the fault that sets the vGPU mode.
pub const PRC_VALUE: &str = "fsp-prc-value";

/// Everything that is to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Answers are not what they should be.
    pub answer: Option<AnswerFault>,
    /// Commands take so many milliseconds longer.
    pub late_ms: Option<u64>,
    /// An answer lies in the queue that nobody has asked for.
    pub stale: bool,
    /// Value of the knob for vGPU.
    pub prc_value: Option<u16>,
}
