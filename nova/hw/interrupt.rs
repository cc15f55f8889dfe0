// SPDX-License-Identifier: GPL-2.0

//! Interrupt vectors, and what differs between chips in handling them.
//!
//! The GPU has one interrupt line for the CPU, and a tree of registers behind it that tells why. A vector
//! is a bit of a leaf register; two leaves make a subtree, which is a bit of the top register.
//!
//! Source: NVIDIA's published register descriptions (`dev_vm.h`).

use crate::chip::{
    Architecture,
    FalconGeneration,
    Family, //
};

/// Vectors of a leaf.
const LEAF_BITS: u32 = 32;

/// Leaves of a subtree.
const SUBTREE_LEAVES: u32 = 2;

/// Leaf registers a chip has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaves(pub u32);

/// A vector that the chip has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector(u32);

impl Leaves {
    /// The vector of that number, if the chip has so many.
    pub const fn vector(self, number: u32) -> Option<Vector> {
        if number / LEAF_BITS < self.0 {
            Some(Vector(number))
        } else {
            None
        }
    }
}

impl Vector {
    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Index of its leaf register.
    pub const fn leaf(self) -> usize {
        // CAST: small.
        (self.0 / LEAF_BITS) as usize
    }

    /// Its bit in the leaf register, and in those that enable it.
    pub const fn leaf_bit(self) -> u32 {
        1 << (self.0 % LEAF_BITS)
    }

    /// Indices of the leaf registers of its subtree, its own among them.
    pub const fn subtree_leaves(self) -> core::ops::Range<usize> {
        // CAST: small.
        let first = (self.0 / LEAF_BITS / SUBTREE_LEAVES * SUBTREE_LEAVES) as usize;
        first..first + SUBTREE_LEAVES as usize
    }

    /// Bit of its subtree in the top register, and in those that enable it.
    pub const fn top_bit(self) -> u32 {
        1 << (self.0 / LEAF_BITS / SUBTREE_LEAVES)
    }
}

/// Where the GSP's RISC-V core masks the interrupts it sends to the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiscvIrqMask {
    /// Where Turing and GA100 have it.
    Tu102,
    /// Where GA102 and later have it.
    Ga102,
}

/// What has to be done about interrupts on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// How many leaves the tree has.
    pub leaves: Leaves,
    /// Whether the next message-signalled interrupt has to be asked for in the mirror of the PCI
    /// configuration space.
    pub rearm_msi: bool,
    /// Whether the falcon has to be asked to interrupt again if something is left.
    pub retrigger: bool,
    /// Where the RISC-V core's mask is.
    pub riscv_mask: RiscvIrqMask,
}

impl Handling {
    /// What has to be done on the chips of a family.
    pub const fn of(family: &Family) -> Self {
        use Architecture as Arch;
        let before_hopper = matches!(family.architecture, Arch::Turing | Arch::Ampere | Arch::Ada);
        Self {
            leaves: Leaves(if before_hopper { 8 } else { 16 }),
            rearm_msi: before_hopper,
            retrigger: !matches!(family.architecture, Arch::Turing),
            riscv_mask: match family.falcon {
                FalconGeneration::Tu102 => RiscvIrqMask::Tu102,
                FalconGeneration::Ga102 => RiscvIrqMask::Ga102,
            },
        }
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        check,
        same, //
    };
    use crate::chip::Chip;

    cases! { interrupt_cases at interrupt::cases:
        fn vector_is_a_bit_of_a_leaf_of_a_subtree() {
            for (number, leaf, leaf_bit, top_bit) in [
                (0, 0, 1, 1),
                (31, 0, 1 << 31, 1),
                (32, 1, 1, 1),
                (64, 2, 1, 2),
                // The GSP's, as seen on GA102.
                (0x9b, 4, 1 << 27, 1 << 2),
                (255, 7, 1 << 31, 1 << 3),
            ] {
                let vector = Leaves(8).vector(number).unwrap();
                same!(vector.number(), number);
                same!(
                    (vector.leaf(), vector.leaf_bit(), vector.top_bit()),
                    (leaf, leaf_bit, top_bit),
                    "{number}"
                );
            }
        }

        fn a_subtree_is_two_leaves() {
            for (number, leaves) in [(0, 0..2), (63, 0..2), (64, 2..4), (0x9b, 4..6), (255, 6..8)] {
                let vector = Leaves(8).vector(number).unwrap();
                same!(vector.subtree_leaves(), leaves, "{number}");
                check!(leaves.contains(&vector.leaf()), "{number}");
            }
        }

        fn vectors_that_a_chip_has_not_are_none() {
            same!(Leaves(8).vector(256), None);
            same!(Leaves(8).vector(u32::MAX), None);
            same!(Leaves(16).vector(511).map(Vector::top_bit), Some(1 << 7));
            same!(Leaves(16).vector(512), None);
        }

        fn handling_differs_between_generations() {
            use RiscvIrqMask::{
                Ga102,
                Tu102, //
            };
            for (chip, leaves, rearm_msi, retrigger, riscv_mask) in [
                (Chip::Tu116, 8, true, false, Tu102),
                (Chip::Ga100, 8, true, true, Tu102),
                (Chip::Ga102, 8, true, true, Ga102),
                (Chip::Ad107, 8, true, true, Ga102),
                (Chip::Gh100, 16, false, true, Ga102),
                (Chip::Gb100, 16, false, true, Ga102),
                (Chip::Gb202, 16, false, true, Ga102),
            ] {
                let want = Handling {
                    leaves: Leaves(leaves),
                    rearm_msi,
                    retrigger,
                    riscv_mask,
                };
                same!(Handling::of(chip.family()), want, "{chip:?}");
            }
        }
    }
}
