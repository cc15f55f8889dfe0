// SPDX-License-Identifier: GPL-2.0

//! The two words every packet begins with.
//!
//! | bits | transport, at 0 | in a request |
//! |---|---|---|
//! | 3:0 | version of the header | 0 |
//! | 15:8 | destination endpoint | 0 |
//! | 23:16 | source endpoint | 0 |
//! | 26:24 | tag | 0 |
//! | 27 | tag owner | 0 |
//! | 29:28 | number of the packet, modulo 4 | 0 |
//! | 30 | `EOM`: last packet of the message | 1 |
//! | 31 | `SOM`: first packet of the message | 1 |
//!
//! | bits | message, at 4 | |
//! |---|---|---|
//! | 6:0 | type of MCTP message | 0x7e: defined by a PCI vendor |
//! | 7 | whether a check of integrity follows | 0 |
//! | 23:8 | the vendor's PCI id | 0x10de |
//! | 31:24 | NVDM type | [`NvdmType`] |
//!
//! Longer messages go in several packets, of which only the first has the second word. Nothing that is
//! said here is that long.

use crate::{
    bytes::u32_at,
    wire::Wire, //
};
use core::fmt;

/// Bytes of the two words.
pub const HEADERS_SIZE: usize = 8;

const SOM: u32 = 1 << 31;
const EOM: u32 = 1 << 30;
const TYPE_MASK: u32 = 0x7f;
const VENDOR_DEFINED_PCI: u32 = 0x7e;
const NVIDIA: u32 = 0x10de;

/// Which message of NVIDIA's a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NvdmType(pub u8);

impl NvdmType {
    /// A request about the product's settings, see [`super::prc`].
    pub const PRC: Self = Self(0x13);
    /// The request to start an FMC, see [`super::cot`].
    pub const COT: Self = Self(0x14);
    /// A response, see [`super::response`].
    pub const FSP_RESPONSE: Self = Self(0x15);

    /// The published name.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x04 => "RESET",
            0x11 => "HULK",
            0x12 => "FIRMWARE_UPDATE",
            0x13 => "PRC",
            0x14 => "COT",
            0x15 => "FSP_RESPONSE",
            0x16 => "CAPS_QUERY",
            0x17 => "INFOROM",
            0x18 => "SMBPBI",
            0x1a => "ROMREAD",
            0x1c => "UEFI_RM",
            0x1d => "UEFI_XTL_DEBUG_INTR",
            0x1f => "TNVL",
            0x20 => "CLOCK_BOOST",
            0x21 => "FSP_GSP_COMM",
            _ => return None,
        })
    }
}

/// `<name> (<number>)`, or the number only.
impl fmt::Display for NvdmType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#x})", self.0),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// The two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headers {
    /// The word of the transport.
    pub transport: u32,
    /// The word of the message.
    pub message: u32,
}

impl Headers {
    /// Those of a message that is one packet, as the driver sends it.
    pub const fn single_packet(message: NvdmType) -> Self {
        Self {
            transport: SOM | EOM,
            // CAST: widening.
            message: (message.0 as u32) << 24 | NVIDIA << 8 | VENDOR_DEFINED_PCI,
        }
    }

    /// Those of `packet`, unchecked, or `None` if it is too short to have them.
    pub fn of(packet: &[u8]) -> Option<Self> {
        Some(Self {
            transport: u32_at(packet, 0)?,
            message: u32_at(packet, 4)?,
        })
    }

    /// Whether the packet is a whole message.
    pub const fn is_single_packet(self) -> bool {
        self.transport & (SOM | EOM) == SOM | EOM
    }

    /// Which message of NVIDIA's it is, if it is one.
    ///
    /// The bit for a check of integrity is not looked at; the published drivers do not either.
    pub const fn nvdm_type(self) -> Option<NvdmType> {
        let is_nvidias = self.message & TYPE_MASK == VENDOR_DEFINED_PCI
            && (self.message >> 8) & 0xffff == NVIDIA;
        if !is_nvidias {
            return None;
        }
        // CAST: the highest byte.
        Some(NvdmType((self.message >> 24) as u8))
    }

    /// Puts the words where a packet has them.
    pub(super) fn put<const N: usize>(self, packet: &mut Wire<N>) {
        packet
            .put_u32::<0>(self.transport)
            .put_u32::<4>(self.message);
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        check,
        same,
        Text, //
    };

    cases! { mctp_cases at fsp::mctp::cases:
        fn headers_are_as_published() {
            for (kind, want) in [
                (NvdmType::PRC, 0x1310_de7e),
                (NvdmType::COT, 0x1410_de7e),
                (NvdmType::FSP_RESPONSE, 0x1510_de7e),
            ] {
                let headers = Headers::single_packet(kind);
                same!((headers.transport, headers.message), (0xc000_0000, want));
                check!(headers.is_single_packet());
                same!(headers.nvdm_type(), Some(kind));
            }
        }

        fn others_messages_have_no_nvdm_type() {
            for (message, want) in [
                (0x1510_de7e, Some(0x15)),
                (0x1510_defe, Some(0x15)),
                (0xff10_de7e, Some(0xff)),
                (0x1510_de7f, None),
                (0x1510_de3e, None),
                (0x1510_df7e, None),
                (0x1500_de7e, None),
                (0x1511_de7e, None),
                (0, None),
            ] {
                let headers = Headers {
                    transport: 0xc000_0000,
                    message,
                };
                let kind = headers.nvdm_type();
                same!(kind, want.map(NvdmType), "{message:#x}");
            }
        }

        fn parts_of_messages_are_told() {
            for (transport, want) in [
                (0xc000_0000, true),
                (0xffff_ffff, true),
                (0x8000_0000, false),
                (0x4000_0000, false),
                (0x3fff_ffff, false),
            ] {
                let headers = Headers {
                    transport,
                    message: 0,
                };
                same!(headers.is_single_packet(), want, "{transport:#x}");
            }
        }

        fn too_few_bytes_have_no_headers() {
            same!(Headers::of(&[0; 7]), None);
            let headers = Headers::of(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).unwrap();
            same!(
                (headers.transport, headers.message),
                (0x0403_0201, 0x0807_0605)
            );
        }

        fn types_print_with_their_names() {
            same!(Text::of(NvdmType::COT), "COT (0x14)");
            same!(Text::of(NvdmType(0x19)), "0x19");
        }
    }
}
