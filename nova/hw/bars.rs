// SPDX-License-Identifier: GPL-2.0

//! Which PCI BAR is which. A 64-bit BAR takes two places, so the numbers of the places differ from card to
//! card.

/// Places for BARs in the configuration space.
pub const PLACES: usize = 6;

/// Places of the three memory BARs of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bars {
    /// The registers.
    pub registers: u32,
    /// The window into video memory.
    pub framebuffer: u32,
    /// The second window, for what the driver keeps in video memory.
    pub instance: u32,
}

/// Bit 0 is set in an I/O BAR.
const IO: u32 = 1 << 0;
/// Bits 2:1 are 2 in a 64-bit memory BAR.
const MEMORY_TYPE: u32 = 3 << 1;
const MEMORY_64: u32 = 2 << 1;

impl Bars {
    /// Tells the places apart by what is in them: the base address registers of the configuration space.
    ///
    /// `None`, if there are not three memory BARs.
    pub fn find(base_addresses: [u32; PLACES]) -> Option<Self> {
        let mut memory = (0u32..).zip(base_addresses);
        let mut next = || loop {
            let (place, base) = memory.next()?;
            if base & IO != 0 {
                continue;
            }
            if base & MEMORY_TYPE == MEMORY_64 {
                memory.next()?;
            }
            // An empty place reads 0.
            if base != 0 {
                return Some(place);
            }
        };
        Some(Self {
            registers: next()?,
            framebuffer: next()?,
            instance: next()?,
        })
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::Bars;
    use crate::cases::{
        cases,
        same, //
    };

    cases! { bars_cases at bars::cases:
        fn bars_are_counted_by_their_width() {
            for (name, base_addresses, want) in [
                (
                    "32, 64, 64, I/O",
                    [0xf000_0000, 0xc, 0x40, 0xe000_000c, 0x40, 0xe001],
                    Some((0, 1, 3)),
                ),
                (
                    "all 64",
                    [0xf000_0004, 0x50, 0xc, 0x40, 0xe000_000c, 0x40],
                    Some((0, 2, 4)),
                ),
                (
                    "all 32",
                    [0xf000_0000, 0xe000_0008, 0xd000_0008, 0, 0, 0],
                    Some((0, 1, 2)),
                ),
                (
                    "one place is empty",
                    [0xf000_0000, 0, 0xe000_0008, 0xd000_0008, 0, 0],
                    Some((0, 2, 3)),
                ),
                ("only two", [0xf000_0000, 0xc, 0x40, 0, 0, 0xe001], None),
                (
                    "half of one at the end",
                    [0xf000_0000, 0xc, 0x40, 1, 1, 0xc],
                    None,
                ),
                ("a device that has gone", [u32::MAX; 6], None),
            ] {
                let want = want.map(|(registers, framebuffer, instance)| Bars {
                    registers,
                    framebuffer,
                    instance,
                });
                same!(Bars::find(base_addresses), want, "{name}");
            }
        }
    }
}
