// SPDX-License-Identifier: GPL-2.0

//! Packets: what FSP requires of one that it gets, and what its answers look like.

/// A packet that is a whole message, to and from nobody in particular.
const MCTP_SINGLE: u32 = 0xc000_0000;
/// NVDM header but for the type: vendor-defined PCI message of NVIDIA.
const NVDM: u32 = 0x0010_de7e;
/// Which task of FSP answers; drivers do not look at it.
const TASK: u32 = 3;

/// Types of message.
pub mod nvdm {
    /// Product reconfiguration.
    pub const PRC: u8 = 0x13;
    /// Chain of trust: start the GSP.
    pub const COT: u8 = 0x14;
    /// Answer of FSP.
    pub const RESPONSE: u8 = 0x15;
    /// Does FSP know a type of message?
    pub const CAPS_QUERY: u8 = 0x16;
    /// Raise FSP's clock while it works.
    pub const CLOCK_BOOST: u8 = 0x20;

    /// Published name of a type that FSP is known to handle.
    pub fn name(kind: u8) -> &'static str {
        match kind {
            PRC => "PRC",
            COT => "COT",
            CAPS_QUERY => "CAPS_QUERY",
            CLOCK_BOOST => "CLOCK_BOOST",
            _ => "unknown command",
        }
    }
}

/// What FSP says is wrong with a command. 0 is success.
pub mod code {
    /// The command cannot be carried out now.
    pub const INVALID_STATE: u32 = 0x9e;
    /// There is no such command.
    pub const NOT_SUPPORTED: u32 = 0xa0;
    /// The command's data are wrong.
    pub const INVALID_DATA: u32 = 0xa1;
    /// There is no such knob.
    pub const INVALID_KNOB: u32 = 0x1e3;
}

/// A command that came in a well-formed packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Type of the message.
    pub kind: u8,
    /// The whole packet. Offsets in the published layouts count from its start.
    pub packet: Vec<u8>,
}

impl Command {
    /// Looks at both headers of `packet`, which is at least as long as they are.
    ///
    /// # Errors
    /// What is wrong, for a complaint.
    pub fn parse(packet: &[u8]) -> Result<Self, String> {
        let (Some(mctp), Some(nvdm)) = (dword(packet, 0), dword(packet, 4)) else {
            return Err(format!("packet of {} bytes has no headers", packet.len()));
        };
        if mctp != MCTP_SINGLE {
            return Err(format!(
                "MCTP header {mctp:#010x} is not that of a single packet without routing, \
                 {MCTP_SINGLE:#010x}"
            ));
        }
        if nvdm & 0x00ff_ffff != NVDM {
            return Err(format!(
                "NVDM header {nvdm:#010x} is not of NVIDIA's vendor-defined messages, \
                 0x..{NVDM:06x}"
            ));
        }
        Ok(Self {
            // CAST: the highest byte.
            kind: (nvdm >> 24) as u8,
            packet: packet.to_vec(),
        })
    }
}

/// The answer to a command of type `kind`: an error code, and what follows it.
pub fn answer(kind: u8, code: u32, more: &[u8]) -> Vec<u8> {
    let header = NVDM | u32::from(nvdm::RESPONSE) << 24;
    let mut packet = Vec::new();
    for dword in [MCTP_SINGLE, header, TASK, u32::from(kind), code] {
        packet.extend(dword.to_le_bytes());
    }
    packet.extend(more);
    packet
}

/// The dword at `offset` of `packet`, if it is all there.
pub fn dword(packet: &[u8], offset: usize) -> Option<u32> {
    let bytes = packet.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(mctp: u32, nvdm: u32) -> Vec<u8> {
        [mctp, nvdm, 0x0029_020c]
            .iter()
            .flat_map(|dword| dword.to_le_bytes())
            .collect()
    }

    #[test]
    fn a_command_is_known_by_its_headers() {
        let command = Command::parse(&packet(0xc000_0000, 0x1310_de7e)).unwrap();
        assert_eq!(command.kind, nvdm::PRC);
        assert_eq!(command.packet[8..], [0x0c, 2, 0x29, 0]);
    }

    #[test]
    fn every_other_bit_of_the_headers_counts() {
        for bit in 0..32 {
            let mctp = packet(0xc000_0000 ^ 1 << bit, 0x1310_de7e);
            assert!(Command::parse(&mctp).is_err(), "MCTP bit {bit}");
            let nvdm = packet(0xc000_0000, 0x1310_de7e ^ 1 << bit);
            assert_eq!(Command::parse(&nvdm).is_ok(), bit >= 24, "NVDM bit {bit}");
        }
        assert!(Command::parse(&[0; 4]).is_err());
    }

    #[test]
    fn answers_have_the_published_layout() {
        let dwords: Vec<_> = answer(nvdm::COT, 0, &[])
            .chunks_exact(4)
            .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert_eq!(dwords, [0xc000_0000, 0x1510_de7e, TASK, 0x14, 0]);
        assert_eq!(answer(nvdm::PRC, 0, &[1, 0, 2, 3]).len(), 24);
    }
}
