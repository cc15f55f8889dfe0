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

#[kunit_tests(nova_core_wait)]
mod wait {
    use crate::wait;
    use kernel::{
        prelude::*,
        time::{
            Delta,
            Instant,
            Monotonic, //
        },
    };

    const INTERVAL: Delta = Delta::from_micros(50);

    #[test]
    fn what_is_there_at_once_is_not_waited_for() {
        let mut looks = 0;
        let seen = wait::until(Delta::from_secs(60), Delta::from_secs(60), || {
            looks += 1;
            Ok(Some(looks))
        });
        assert_eq!(seen, Ok(1));
    }

    #[test]
    fn what_comes_later_is_seen() {
        let mut looks = 0;
        let seen = wait::until(INTERVAL, Delta::from_secs(10), || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(seen, Ok(3));
    }

    #[test]
    fn a_look_that_took_too_long_is_not_the_last() {
        let mut looks = 0;
        let seen = wait::until(INTERVAL, Delta::from_millis(1), || {
            looks += 1;
            // As if the machine had not let us run for a while.
            kernel::time::delay::fsleep(Delta::from_millis(3));
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(seen, Ok(2));
    }

    #[test]
    fn what_never_happens_at_once_is_looked_for_later() {
        let start = Instant::<Monotonic>::now();
        let first = Delta::from_millis(3);
        let seen = wait::after(first, INTERVAL, Delta::from_secs(10), || {
            Ok(Some(start.elapsed()))
        });
        assert!(seen.is_ok_and(|elapsed| elapsed >= first));
    }

    #[test]
    fn waiting_ends_with_the_deadline_or_an_error() {
        let never = wait::until(INTERVAL, Delta::from_millis(1), || Ok(None::<()>));
        assert_eq!(never, Err(ETIMEDOUT));
        let mut looks = 0;
        let gone = wait::until(INTERVAL, Delta::from_secs(60), || {
            looks += 1;
            Err::<Option<()>, _>(ENODEV)
        });
        assert_eq!(gone, Err(ENODEV));
        assert_eq!(looks, 1);
    }
}

#[kunit_tests(nova_core_leftovers)]
mod leftovers {
    use nova_hw::{
        leftovers::{
            falcon_runs,
            Gsp,
            Leftovers,
            Remedy, //
        },
        wpr2::Wpr2, //
    };

    #[test]
    fn a_gsp_that_runs_means_a_reset_and_wpr2_alone_does_not() {
        let wpr2 = Wpr2::decode(0x05ff_e000, 0x05ff_f000);
        assert!(wpr2.is_some());
        for (gsp, wpr2, want) in [
            (Gsp::Idle, None, Remedy::None),
            (Gsp::Idle, wpr2, Remedy::TakeDown),
            (Gsp::Suspended, None, Remedy::TakeDown),
            (Gsp::Running, None, Remedy::Reset),
            (Gsp::Running, wpr2, Remedy::Reset),
        ] {
            let leftovers = Leftovers {
                wpr2,
                gsp,
                sec2_runs: false,
                flush_page: 0,
            };
            assert_eq!(leftovers.remedy(), want);
        }
    }

    #[test]
    fn a_falcon_that_cannot_be_asked_is_no_falcon_that_runs() {
        assert!(falcon_runs(0));
        assert!(!falcon_runs(0xbadf_1100));
    }
}
