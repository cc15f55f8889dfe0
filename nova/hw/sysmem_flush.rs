// SPDX-License-Identifier: GPL-2.0

//! Encoding of the sysmem flush page's address.
//!
//! The GPU writes to a page of system memory when it has to be sure that its earlier writes to system
//! memory have arrived. The page must be made known before the first falcon reset and stay until after
//! the last falcon has run. To take it back, address 0 is written in the same way.
//!
//! The upper half is always written before the lower one: writing the lower one makes both count.

use core::fmt;

/// The ways the address is laid out in registers, one for each set of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SysmemFlush {
    /// Turing: `NV_PFB_NISO_FLUSH_SYSMEM_ADDR` alone, in units of 256 bytes, for 40-bit addresses.
    Niso,
    /// Ampere and Ada: the same, and `.._ADDR_HI` for the bits from 40 on.
    NisoWide,
    /// Hopper: `NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_LO` and `_HI`, the plain address in two halves.
    Fbhub,
    /// GB10x: `NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_LO` and `_HI`, and then the `_EG_` pair with the
    /// same values. Only the first pair is read back.
    Hshub,
    /// GB20x: `NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_LO` and `_HI`.
    Fbhub0,
}

/// Values of one pair of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlushRegs {
    /// For the upper register, to be written first; `None` if there is none.
    pub hi: Option<u32>,
    /// For the lower register.
    pub lo: u32,
}

/// Which register of a chip's set a value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushRegister {
    /// The upper half.
    Hi,
    /// The lower half.
    Lo,
    /// The upper half of the second pair.
    SecondHi,
    /// The lower half of the second pair.
    SecondLo,
}

/// Why an address cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushError {
    /// The address has more bits than the registers.
    TooHigh {
        /// The address.
        address: u64,
        /// How many bits there are.
        bits: u32,
    },
    /// The address is not a multiple of 256, and the hardware does not look at the low bits.
    Misaligned {
        /// The address.
        address: u64,
    },
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooHigh { address, bits } => {
                write!(f, "sysmem flush page at {address:#x} is beyond the {bits} bits its register holds")
            }
            Self::Misaligned { address } => {
                write!(
                    f,
                    "sysmem flush page at {address:#x} is not aligned to 256 bytes"
                )
            }
        }
    }
}

impl core::error::Error for FlushError {}

/// Valid bits of the upper register where it holds the address from bit 40 on.
const NISO_HI_MASK: u32 = 0x00ff_ffff;

/// Valid bits of the upper register where it holds the address from bit 32 on.
const HUB_HI_MASK: u32 = 0x000f_ffff;

impl SysmemFlush {
    /// How many bits an address may have.
    pub const fn address_bits(self) -> u32 {
        match self {
            Self::Niso => 40,
            Self::NisoWide => 64,
            Self::Fbhub | Self::Hshub | Self::Fbhub0 => 52,
        }
    }

    /// Whether a second pair of registers is to be written with the same values after the first.
    pub const fn has_second_pair(self) -> bool {
        matches!(self, Self::Hshub)
    }

    /// Whether it is to be read back if the GPU has taken the address.
    ///
    /// Where the driver resets falcons it is: they do not come out of their reset without the page. Elsewhere
    /// FSP does that, and a driver which would be misled by a read-back notices when it withdraws the page.
    pub const fn is_checked(self) -> bool {
        matches!(self, Self::Niso | Self::NisoWide)
    }

    /// The values of a pair of registers for `address`, which is 0 or that of the page.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if `address` cannot be represented. Nothing must be written then.
    pub fn encode(self, address: u64) -> Result<FlushRegs, FlushError> {
        let bits = self.address_bits();
        if address.checked_shr(bits).unwrap_or(0) != 0 {
            return Err(FlushError::TooHigh { address, bits });
        }
        if address % 256 != 0 {
            return Err(FlushError::Misaligned { address });
        }
        Ok(match self {
            Self::Niso => FlushRegs {
                hi: None,
                lo: low(address >> 8),
            },
            Self::NisoWide => FlushRegs {
                hi: Some(low(address >> 40)),
                lo: low(address >> 8),
            },
            Self::Fbhub | Self::Hshub | Self::Fbhub0 => FlushRegs {
                hi: Some(low(address >> 32)),
                lo: low(address),
            },
        })
    }

    /// All values for `address` in the order in which they must be written.
    ///
    /// # Errors
    ///
    /// As [`SysmemFlush::encode`].
    pub fn writes(
        self,
        address: u64,
    ) -> Result<impl Iterator<Item = (FlushRegister, u32)>, FlushError> {
        let FlushRegs { hi, lo } = self.encode(address)?;
        let first = [
            hi.map(|hi| (FlushRegister::Hi, hi)),
            Some((FlushRegister::Lo, lo)),
        ];
        let second = [
            hi.map(|hi| (FlushRegister::SecondHi, hi)),
            Some((FlushRegister::SecondLo, lo)),
        ];
        let second = self.has_second_pair().then_some(second);
        Ok(first
            .into_iter()
            .chain(second.into_iter().flatten())
            .flatten())
    }

    /// The address that values read back from the first pair stand for.
    ///
    /// Bits that the registers do not have are ignored. A missing upper half counts as 0.
    pub fn decode(self, regs: FlushRegs) -> u64 {
        let hi = u64::from(regs.hi.unwrap_or(0) & self.hi_mask());
        let lo = u64::from(regs.lo);
        match self {
            Self::Niso | Self::NisoWide => hi << 40 | lo << 8,
            Self::Fbhub | Self::Hshub | Self::Fbhub0 => hi << 32 | lo,
        }
    }

    const fn hi_mask(self) -> u32 {
        match self {
            Self::Niso => 0,
            Self::NisoWide => NISO_HI_MASK,
            Self::Fbhub | Self::Hshub | Self::Fbhub0 => HUB_HI_MASK,
        }
    }
}

const fn low(value: u64) -> u32 {
    // CAST: the lower half is what is wanted.
    (value & 0xffff_ffff) as u32
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same, //
    };
    use FlushRegister::*;
    use SysmemFlush::*;

    cases! { flush_cases at sysmem_flush::cases:
        fn golden_writes_in_order() {
            let raw = [(Hi, 0x1234), (Lo, 0x5678_9000)];
            let twice = [
                (Hi, 0x1234),
                (Lo, 0x5678_9000),
                (SecondHi, 0x1234),
                (SecondLo, 0x5678_9000),
            ];
            for (variant, address, want) in [
                (Niso, 0xa_bcde_f000, &[(Lo, 0x0abc_def0)][..]),
                (NisoWide, 0x1234_5678_9000, &[(Hi, 0x12), (Lo, 0x3456_7890)]),
                (Fbhub, 0x1234_5678_9000, &raw),
                (Hshub, 0x1234_5678_9000, &twice),
                (Fbhub0, 0x1234_5678_9000, &raw),
            ] {
                let written = variant.writes(address).map(|it| it.eq(want.iter().copied()));
                same!(written, Ok(true), "{variant:?}");
                let cleared = want.iter().map(|&(register, _)| (register, 0));
                let written = variant.writes(0).map(|it| it.eq(cleared));
                same!(written, Ok(true), "{variant:?} cleared");
            }
        }

        fn addresses_that_do_not_fit_are_refused() {
            for (variant, address, want) in [
                (
                    Niso,
                    1 << 40,
                    FlushError::TooHigh {
                        address: 1 << 40,
                        bits: 40,
                    },
                ),
                (
                    Fbhub,
                    1 << 52,
                    FlushError::TooHigh {
                        address: 1 << 52,
                        bits: 52,
                    },
                ),
                (
                    Hshub,
                    1 << 52,
                    FlushError::TooHigh {
                        address: 1 << 52,
                        bits: 52,
                    },
                ),
                (
                    Fbhub0,
                    1 << 63,
                    FlushError::TooHigh {
                        address: 1 << 63,
                        bits: 52,
                    },
                ),
                (NisoWide, 0x80, FlushError::Misaligned { address: 0x80 }),
            ] {
                same!(variant.writes(address).err(), Some(want), "{variant:?}");
            }
        }

        fn bits_a_register_lacks_do_not_count() {
            for (variant, want) in [
                (Niso, 0xff_ffff_ff00),
                (NisoWide, 0xffff_ffff_ffff_ff00),
                (Fbhub, 0x000f_ffff_ffff_ffff),
            ] {
                let all_ones = FlushRegs {
                    hi: Some(u32::MAX),
                    lo: u32::MAX,
                };
                same!(variant.decode(all_ones), want, "{variant:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use SysmemFlush::*;

    const ALL: [SysmemFlush; 5] = [Niso, NisoWide, Fbhub, Hshub, Fbhub0];

    proptest! {
        #[test]
        fn what_is_written_reads_back(page in 0u64..1 << 52, which in 0usize..5) {
            let variant = ALL[which];
            let address = page << 12;
            match variant.encode(address) {
                Ok(regs) => prop_assert_eq!(variant.decode(regs), address),
                Err(_) => prop_assert!(address >> variant.address_bits().min(63) != 0),
            }
        }
    }
}
