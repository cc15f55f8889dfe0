// SPDX-License-Identifier: GPL-2.0

//! The debug kernel: KUnit suites, the drivers' life under lockdep and kmemleak, and all chips there too.

use super::{
    chips::{
        full_life,
        groups,
        many_cards,
        BIND_LIMIT, //
    },
    Expect,
    Scenario,
    Step, //
};
use crate::{
    gpu::Gpu,
    paths::Flavour, //
};

/// Chips of both boot methods, and the one that asks FSP for its mode as well.
const WHOLE_LIFE: &[&str] = &["ga102", "gh100", "gb202"];

/// The one that gets the whole of GSP-RM. The checkers make reading it slower still, and have nothing to say about
/// its size.
const WHOLE_FIRMWARE: &str = "ga102";

/// The checkers make each round slow: there are so many times fewer than on the stock kernel.
const FEWER: u32 = 10;

/// Keeps the suites, which also run at each load of the modules, out of the scenarios that load them often.
pub(super) const NO_KUNIT: &str = "kunit.enable=0";

/// The suites in the modules.
const SUITES: &[&str] = &[
    "kernel_glue_auxiliary",
    "kernel_glue_devres",
    "kernel_glue_drm_fence",
    "kernel_glue_drm_gem",
    "kernel_glue_drm_ioctl",
    "kernel_glue_drm_layout",
    "kernel_glue_drm_mapping",
    "kernel_glue_drm_prime",
    "kernel_glue_drm_syncobj",
    "kernel_glue_event",
    "kernel_glue_firmware",
    "kernel_glue_for_lt",
    "kernel_glue_irq",
    "kernel_glue_mmio",
    "kernel_glue_pages",
    "kernel_glue_pci",
    "kernel_glue_platform",
    "kernel_glue_shared",
    "kernel_glue_tether",
    "kernel_glue_work",
    "nova_core_fsp_channel",
    "nova_core_fsp_decisions",
    "nova_core_gsp_diagnostics",
    "nova_core_gsp_queues",
    "nova_core_gsp_rpc",
    "nova_core_kept",
    "nova_core_timeline",
    "nova_core_wait",
    "nova_drm_fence",
    "nova_drm_ioctl",
    "nova_firmware_function",
    "nova_firmware_mctp",
    "nova_firmware_queue",
    "nova_firmware_vbios",
    "nova_firmware_vbios_bit",
    "nova_firmware_vbios_ucodes",
    "nova_firmware_version",
    "nova_hw_bars",
    "nova_hw_chip",
    "nova_hw_fb",
    "nova_hw_firmware_files",
    "nova_hw_flush",
    "nova_hw_fsp",
    "nova_hw_fsp_channel",
    "nova_hw_fsp_gsp",
    "nova_hw_gfw",
    "nova_hw_interrupt",
    "nova_hw_leftovers",
    "nova_hw_vga",
    "nova_hw_vgpu",
    "nova_hw_vram_size",
    "nova_hw_wpr2",
];

pub(super) fn scenarios(rebinds: u32) -> Vec<Scenario> {
    let mut scenarios = vec![kunit()];
    for chip in WHOLE_LIFE {
        let mut scenario = Scenario::new(format!("{chip}-debug"), vec![Gpu::new(chip)]);
        scenario.flavour = Flavour::Debug;
        scenario.short_firmware = *chip != WHOLE_FIRMWARE;
        scenario.append = NO_KUNIT;
        full_life(&mut scenario, rebinds.div_ceil(FEWER));
        scenario
            .step(
                "both modules load for the last time",
                Step::new("load_modules", 30),
            )
            .gate();
        nothing_is_found(&mut scenario);
        scenarios.push(scenario.close());
    }
    for (number, chips) in groups().iter().enumerate() {
        let mut scenario = many_cards(format!("all-chips-debug-{}", number + 1), chips);
        scenario.flavour = Flavour::Debug;
        scenario.short_firmware = true;
        scenario.append = NO_KUNIT;
        scenario
            .step(
                "both modules load once more",
                Step::new("load_modules", BIND_LIMIT * chips.len() as u64),
            )
            .gate();
        nothing_is_found(&mut scenario);
        scenarios.push(scenario.close());
    }
    scenarios
}

/// What the checkers have to say at the end, with the modules loaded.
pub(super) fn nothing_is_found(scenario: &mut Scenario) {
    scenario.step("no memory is left behind", Step::new("no_leak", 60).on(0));
    scenario.step(
        "the lock checker is still on",
        Step::new("lockdep_clean", 10),
    );
}

fn kunit() -> Scenario {
    let mut scenario = Scenario::new("kunit", Vec::new());
    scenario.flavour = Flavour::Debug;
    // Suites of modules run when they are loaded, but only where those of the kernel run at boot, of
    // which one measures for a minute.
    scenario.append = "kunit.enable=1 kunit.autorun=1 kunit.filter_glob=[kn]*";
    let suites = Expect::Kunit { suites: SUITES };
    scenario.step(
        "every case of every suite passes",
        Step::new("kunit", 120).expecting(suites),
    );
    scenario.close()
}

#[cfg(test)]
mod tests {
    use super::SUITES;
    use std::{
        collections::BTreeSet,
        fs,
        path::Path, //
    };

    /// Adds the names of suites, such as in `#[kunit_tests(name)]`, of all sources below `folder`.
    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                // An attribute, or a line that makes a suite of the cases of another crate.
                for before in ["#[kunit_tests(", "_cases!(suite, "] {
                    let names = text.split(before).skip(1);
                    let names = names.filter_map(|rest| rest.split_once(')'));
                    found.extend(names.map(|(name, _)| name.to_owned()));
                }
                found.remove("$suite");
            }
        }
    }

    #[test]
    fn every_suite_of_the_modules_is_expected() {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut found = BTreeSet::new();
        for folder in ["nova", "kernel-glue"] {
            collect(&tree.join(folder), &mut found);
        }
        let expected: BTreeSet<String> = SUITES.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found, expected);
    }
}
