// SPDX-License-Identifier: GPL-2.0

//! What holds for all layouts; [`cases`](super::cases) has those that were worked out by hand.

use super::*;
use crate::chip::{
    BootMethod,
    Chip, //
};
use proptest::prelude::*;
use std::{
    string::ToString,
    vec::Vec, //
};

const MIB: u64 = 1 << 20;

/// A chip that is booted through SEC2.
fn sec2_chip() -> impl Strategy<Value = Chip> {
    let chips: Vec<_> = Chip::ALL
        .into_iter()
        .filter(|chip| chip.boot_method() == BootMethod::Sec2)
        .collect();
    prop::sample::select(chips)
}

proptest! {
    #[test]
    fn every_sec2_layout_is_in_order(
        chip in sec2_chip(),
        fb_mib in 1u64..0x20_0000,
        register in prop::option::of(any::<u32>()),
        lock in prop::option::of(0u64..1 << 41),
        elf_size in 1u64..=1 << 30,
        bl_size in 1u64..0x10_0000,
    ) {
        let fb_end = VramAddr::new(fb_mib * MIB);
        let Ok(vga) = vga_workspace(fb_end, register) else { return Ok(()) };
        let row_remapper_lock = lock.map(VramAddr::new);
        let inputs = Sec2Inputs { fb_end, vga, row_remapper_lock, elf_size, bl_size };
        let Ok(layout) = Sec2Layout::compute(chip.family(), &inputs) else { return Ok(()) };
        let Sec2Layout { fb, vga, frts, boot, elf, heap, wpr2, non_wpr_heap } = layout;

        let top_down = [non_wpr_heap, heap, elf, boot, frts, vga];
        for pair in top_down.windows(2) {
            prop_assert!(pair[0].end() <= pair[1].start(), "{:?}", pair);
        }
        prop_assert_eq!(vga.end(), fb.end());
        prop_assert_eq!(non_wpr_heap.end(), wpr2.start());
        prop_assert_eq!(wpr2.end(), frts.end());
        prop_assert_eq!(layout.wpr_end(), frts.end());
        prop_assert_eq!(heap.start().raw() - wpr2.start().raw(), MIB);
        prop_assert_eq!(wpr2.start().raw() % MIB, 0);
        prop_assert_eq!(boot.start().raw() % 0x1000, 0);
        prop_assert_eq!(elf.start().raw() % 0x1_0000, 0);
        prop_assert_eq!(frts.start().raw() % 0x2_0000, 0);
        prop_assert_eq!(boot.len(), bl_size);
        prop_assert_eq!(elf.len(), elf_size);
        prop_assert_eq!(frts.len(), chip.family().frts_size);
        let wanted = wpr_heap_size(chip.family(), fb_end.raw(), false).unwrap();
        prop_assert_eq!(heap.len(), wanted.next_multiple_of(MIB));
    }

    #[test]
    fn nothing_panics(
        which in 0usize..24,
        fb_size in any::<u64>(),
        register in prop::option::of(any::<u32>()),
        vfs in prop::option::of(any::<u16>()),
        elf_size in any::<u64>(),
        bl_size in any::<u64>(),
        lock in prop::option::of(any::<u64>()),
    ) {
        let family = Chip::ALL[which].family();
        let fb_end = VramAddr::new(fb_size);
        if let Ok(vga) = vga_workspace(fb_end, register) {
            let row_remapper_lock = lock.map(VramAddr::new);
            let inputs = Sec2Inputs { fb_end, vga, row_remapper_lock, elf_size, bl_size };
            let _ = Sec2Layout::compute(family, &inputs).map_err(|error| error.to_string());
        }
        let _ = FspLayout::compute(family, fb_end, vfs).map_err(|error| error.to_string());
    }
}
