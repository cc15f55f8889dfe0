// SPDX-License-Identifier: GPL-2.0

//! Whether a card is divided among virtual machines, which GSP-RM has to be told before it boots.
//!
//! FSP knows, and is asked only where there may be something to divide.

use crate::chip::Family;
use nova_firmware::fsp::prc::VgpuMode;

/// A card with fewer virtual functions is not divided: boards for desktops have one.
const MIN_VFS: u16 = 2;

/// Whether FSP is worth asking on a card of `family` that could have `total_vfs` virtual functions.
pub const fn is_worth_asking(family: &Family, total_vfs: u16) -> bool {
    family.may_be_vgpu_host && total_vfs >= MIN_VFS
}

/// The number of virtual functions that GSP-RM is told of, for [`FspLayout::compute`]; `None` if the card is
/// not divided.
///
/// [`FspLayout::compute`]: crate::fb::FspLayout::compute
pub const fn functions(mode: VgpuMode, total_vfs: u16) -> Option<u16> {
    match mode {
        VgpuMode::Disabled => None,
        VgpuMode::Enabled => Some(total_vfs),
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
    use crate::{
        chip::{
            Architecture,
            Chip, //
        },
        fb::{
            FspLayout,
            Layout,
            LayoutError,
            VramAddr, //
        }, //
    };

    cases! { vgpu_cases at fsp::vgpu::cases:
        fn only_gb20x_with_several_functions_is_asked() {
            for chip in Chip::ALL {
                let family = chip.family();
                let may_be = family.architecture == Architecture::BlackwellGb20x;
                for (total_vfs, several) in [(0, false), (1, false), (2, true), (32, true)] {
                    let want = may_be && several;
                    same!(
                        is_worth_asking(family, total_vfs),
                        want,
                        "{chip} {total_vfs}"
                    );
                }
            }
        }

        fn a_divided_card_gets_a_heap_for_its_functions() {
            let family = Chip::Gb202.family();
            let layout = |mode, total_vfs| {
                let functions = functions(mode, total_vfs);
                FspLayout::compute(family, VramAddr::new(32 << 30), functions)
            };
            let divided = layout(VgpuMode::Enabled, 32).unwrap();
            same!(
                (divided.vf_partition_count, divided.heap_size),
                (32, 0x2450_0000)
            );
            let whole = layout(VgpuMode::Disabled, 32).unwrap();
            same!((whole.vf_partition_count, whole.heap_size), (0, 0x870_0000));
            check!(Layout::Fsp(divided).is_for_vgpu());
            check!(!Layout::Fsp(whole).is_for_vgpu());
            same!(
                layout(VgpuMode::Enabled, 255).unwrap().vf_partition_count,
                255
            );
            same!(
                layout(VgpuMode::Enabled, 256),
                Err(LayoutError::TooManyVfs { total_vfs: 256 })
            );
        }
    }
}
