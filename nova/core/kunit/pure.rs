// SPDX-License-Identifier: GPL-2.0

//! What the crates that know no kernel give when they run in one, with its compiler flags and overflow checks.
//!
//! The cases are the same that run on the host: each crate has them, and says which there are.

use kernel::prelude::*;

/// Makes a suite of the cases in a module. A case that does not hold prints why.
macro_rules! suite {
    ($suite:ident $cases:path { $($case:ident)+ }) => {
        #[kunit_tests($suite)]
        mod $suite {
            use kernel::prelude::*;
            use kernel_glue::fmt::Plain;
            use $cases as cases;

            $(
                #[test]
                fn $case() -> Result {
                    cases::$case().map_err(|failure| {
                        pr_err!("    # {}: {}\n", stringify!($case), Plain(&failure));
                        EINVAL
                    })
                }
            )+
        }
    };
}

nova_firmware::function_cases!(suite, nova_firmware_function);
nova_firmware::mctp_cases!(suite, nova_firmware_mctp);
nova_firmware::queue_cases!(suite, nova_firmware_queue);
nova_firmware::vbios_bit_cases!(suite, nova_firmware_vbios_bit);
nova_firmware::vbios_cases!(suite, nova_firmware_vbios);
nova_firmware::vbios_ucodes_cases!(suite, nova_firmware_vbios_ucodes);
nova_firmware::version_cases!(suite, nova_firmware_version);
nova_hw::bars_cases!(suite, nova_hw_bars);
nova_hw::chip_cases!(suite, nova_hw_chip);
nova_hw::fb_cases!(suite, nova_hw_fb);
nova_hw::firmware_files_cases!(suite, nova_hw_firmware_files);
nova_hw::flush_cases!(suite, nova_hw_flush);
nova_hw::fsp_cases!(suite, nova_hw_fsp);
nova_hw::fsp_channel_cases!(suite, nova_hw_fsp_channel);
nova_hw::fsp_gsp_cases!(suite, nova_hw_fsp_gsp);
nova_hw::gfw_cases!(suite, nova_hw_gfw);
nova_hw::interrupt_cases!(suite, nova_hw_interrupt);
nova_hw::leftovers_cases!(suite, nova_hw_leftovers);
nova_hw::vga_cases!(suite, nova_hw_vga);
nova_hw::vgpu_cases!(suite, nova_hw_vgpu);
nova_hw::vram_size_cases!(suite, nova_hw_vram_size);
nova_hw::wpr2_cases!(suite, nova_hw_wpr2);
