// SPDX-License-Identifier: GPL-2.0

//! The small commands: reading knobs, asking what FSP knows, raising its clock.

use super::packet::{
    code,
    nvdm,
    Command, //
};
use crate::{
    chips::Family,
    config_space::ConfigSpace,
    engines::{
        flag,
        Effects, //
    },
    violations::FspRule,
};

/// Knob: may the board have virtual functions with GPUs of their own?
pub const KNOB_VGPU: u16 = 0x29;
/// Knobs that are published, in pairs of "may the driver set it" and value, and that one.
const KNOBS: [u16; 13] = [5, 6, 7, 8, 9, 10, 35, 36, KNOB_VGPU, 44, 45, 46, 47];
/// PRC: read a knob.
const READ_KNOB: u8 = 0x0c;
/// Bytes of a PRC packet.
const PRC_SIZE: usize = 12;
/// Second half of the value of a knob. Nobody says what it is, so nobody may look at it.
const KNOB_NOISE: [u8; 2] = [0xa5, 0x5a];
/// Bytes of the packets with one byte of payload, padded to a dword.
const BYTE_SIZE: usize = 12;
/// What follows the answer to `CAPS_QUERY`; the meaning is not public.
const CAPS: [u8; 4] = [0; 4];

/// What FSP answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Error code, 0 for success.
    pub code: u32,
    /// What follows the code.
    pub more: Vec<u8>,
}

impl Reply {
    /// FSP does not do it.
    pub fn refused(code: u32) -> Self {
        Self {
            code,
            more: Vec::new(),
        }
    }
}

/// What the answers depend on.
pub struct Board<'a> {
    /// Generation.
    pub family: Family,
    /// Configuration space.
    pub config: &'a ConfigSpace,
    /// Value of the knob for vGPU.
    pub vgpu_mode: u16,
}

impl Board<'_> {
    /// Carries out `command`, which is not the chain of trust.
    pub fn handle(&self, command: &Command, effects: &mut Effects) -> Reply {
        match command.kind {
            nvdm::PRC => self.prc(&command.packet, effects),
            nvdm::CAPS_QUERY if self.has_clock_boost() => caps_query(&command.packet, effects),
            nvdm::CLOCK_BOOST if self.has_clock_boost() => clock_boost(&command.packet, effects),
            _ => Reply::refused(code::NOT_SUPPORTED),
        }
    }

    fn has_clock_boost(&self) -> bool {
        self.family != Family::Hopper
    }

    fn prc(&self, packet: &[u8], effects: &mut Effects) -> Reply {
        let &[.., what, flags, low, high] = packet else {
            return Reply::refused(code::INVALID_DATA);
        };
        if packet.len() != PRC_SIZE {
            effects.push(flag(
                FspRule::Packet,
                format!(
                    "PRC packet has {} bytes instead of {PRC_SIZE}",
                    packet.len()
                ),
            ));
            return Reply::refused(code::INVALID_DATA);
        }
        if what != READ_KNOB {
            return Reply::refused(code::NOT_SUPPORTED);
        }
        if !matches!(flags, 1 | 2) {
            effects.push(flag(
                FspRule::Packet,
                format!("PRC read with {flags:#x} instead of 1 (lasting) or 2 (present value)"),
            ));
            return Reply::refused(code::INVALID_DATA);
        }
        let knob = u16::from_le_bytes([low, high]);
        if !KNOBS.contains(&knob) {
            return Reply::refused(code::INVALID_KNOB);
        }
        let mut value = 0;
        if knob == KNOB_VGPU {
            self.judge_vgpu_query(effects);
            value = self.vgpu_mode;
        }
        let [a, b] = value.to_le_bytes();
        Reply {
            code: 0,
            more: [[a, b], KNOB_NOISE].concat(),
        }
    }

    fn judge_vgpu_query(&self, effects: &mut Effects) {
        let functions = total_virtual_functions(self.config);
        let what = if self.family != Family::Gb20x {
            format!(
                "{:?} asked for its vGPU mode, which it does not have",
                self.family
            )
        } else if functions < 2 {
            format!("board with {functions} virtual functions asked for its vGPU mode")
        } else {
            return;
        };
        effects.push(flag(FspRule::VgpuQuery, what));
    }
}

/// The vGPU mode that `reply` to `command` tells, if it does.
pub fn vgpu_mode(command: &Command, reply: &Reply) -> Option<u16> {
    let [low, high] = KNOB_VGPU.to_le_bytes();
    let asked = command.kind == nvdm::PRC && command.packet.ends_with(&[low, high]);
    match reply.more[..] {
        [low, high, ..] if asked => Some(u16::from_le_bytes([low, high])),
        _ => None,
    }
}

fn caps_query(packet: &[u8], effects: &mut Effects) -> Reply {
    match byte(packet, "CAPS_QUERY", effects) {
        Some(nvdm::PRC | nvdm::COT | nvdm::CAPS_QUERY | nvdm::CLOCK_BOOST) => Reply {
            code: 0,
            more: CAPS.to_vec(),
        },
        Some(_) => Reply::refused(code::NOT_SUPPORTED),
        None => Reply::refused(code::INVALID_DATA),
    }
}

fn clock_boost(packet: &[u8], effects: &mut Effects) -> Reply {
    match byte(packet, "CLOCK_BOOST", effects) {
        Some(0 | 1) => Reply::default(),
        _ => Reply::refused(code::INVALID_DATA),
    }
}

/// The one byte of payload.
fn byte(packet: &[u8], name: &str, effects: &mut Effects) -> Option<u8> {
    match packet[BYTE_SIZE.min(packet.len()) - 4..] {
        [byte, 0, 0, 0] if packet.len() == BYTE_SIZE => Some(byte),
        _ => {
            effects.push(flag(
                FspRule::Packet,
                format!("payload of {name} is not one byte padded with zeros"),
            ));
            None
        }
    }
}

/// Virtual functions the board can have, by its configuration space.
fn total_virtual_functions(config: &ConfigSpace) -> u32 {
    const SRIOV: u32 = 0x10;
    let mut at = 0x100;
    // Each capability takes at least a dword.
    for _ in 0..0xf00 / 4 {
        let header = config.dword(at);
        if header & 0xffff == SRIOV {
            return config.dword(at + 0xc) >> 16;
        }
        at = u64::from(header >> 20) & !3;
        if at == 0 {
            break;
        }
    }
    0
}
