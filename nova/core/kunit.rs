// SPDX-License-Identifier: GPL-2.0

//! What the hardware arithmetic gives when it runs in a kernel, with its overflow checks and flags.
//!
//! The full set of cases runs on the host; these are the ones that a driver would notice first.

use kernel::prelude::*;

#[kunit_tests(nova_core_chip)]
mod chip {
    use nova_hw::chip::{
        self,
        Chip,
        Refusal, //
    };

    #[test]
    fn every_chip_is_recognised_by_its_own_id() {
        for chip in Chip::ALL {
            let identity = chip::identify(chip.id() << 20 | 0xa_1000);
            assert!(identity.is_ok_and(|found| {
                found.chip == chip && found.major == 0xa && found.minor == 1
            }));
        }
    }

    #[test]
    fn a_chip_before_fermi_is_refused_in_silence() {
        // GT200.
        let refusal = chip::check_boot0(0x0a00_00a2).err();
        assert!(refusal.is_some_and(Refusal::is_silent));
    }

    #[test]
    fn a_device_that_has_gone_is_no_chip() {
        assert_eq!(chip::identify(u32::MAX), Err(Refusal::Gone));
    }
}

#[kunit_tests(nova_core_fb)]
mod fb {
    use nova_hw::{
        chip::Chip,
        fb::{
            self,
            LayoutError,
            Sec2Inputs,
            Sec2Layout,
            VramAddr, //
        }, //
    };

    fn ga102(vram: u64) -> Result<Sec2Layout, LayoutError> {
        let fb_end = VramAddr::new(vram);
        let Ok(vga) = fb::vga_workspace(fb_end, None) else {
            return Err(LayoutError::VramTooBig { fb_size: vram });
        };
        Sec2Layout::compute(
            Chip::Ga102.family(),
            &Sec2Inputs {
                fb_end,
                vga,
                row_remapper_lock: None,
                elf_size: 0x3c9_9000,
                bl_size: 0x6000,
            },
        )
    }

    #[test]
    fn ga102_with_24_gib_is_laid_out_as_computed_by_hand() {
        let layout = ga102(24 << 30);
        assert!(layout.is_ok_and(|layout| {
            layout.frts.start().raw() == 0x5_ffe0_0000
                && layout.boot.start().raw() == 0x5_ffdf_a000
                && layout.elf.start().raw() == 0x5_fc16_0000
                && layout.heap.start().raw() == 0x5_f400_0000
                && layout.heap.len() == 0x810_0000
                && layout.wpr2.start().raw() == 0x5_f3f0_0000
                && layout.non_wpr_heap.start().raw() == 0x5_f3e0_0000
        }));
    }

    #[test]
    fn memory_that_is_too_small_is_an_error_and_no_overflow() {
        for mebibytes in [1, 2, 64, 128, 191] {
            assert!(matches!(
                ga102(mebibytes << 20),
                Err(LayoutError::NoRoom { .. })
            ));
        }
    }
}
