// SPDX-License-Identifier: GPL-2.0

//! The scripts that run inside the guest, as text.

/// The guest agent.
pub const INIT: &str = include_str!("../../guest/init");

/// Words the steps are written in.
pub const LIBRARY: &str = include_str!("../../guest/lib.sh");

macro_rules! steps {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../guest/steps/", $name, ".sh")))),*]
    };
}

/// Name and text of every step.
pub const STEPS: &[(&str, &str)] = steps![
    "bench_bind"
    "bench_memory"
    "bench_objects"
    "bench_prepare"
    "bound"
    "child_after_core"
    "client"
    "clock"
    "clock_stress"
    "crash"
    "debugfs"
    "drm_info"
    "errno_table"
    "fault_elsewhere"
    "fault_fails"
    "fault_prepare"
    "fault_refused"
    "fault_works"
    "flush_stolen"
    "fuzz_ioctl"
    "getparam"
    "hello"
    "hello_agent"
    "inspect"
    "killed_client"
    "kunit"
    "layout"
    "load_modules"
    "load_order"
    "lockdep_clean"
    "many_clients"
    "no_leak"
    "nodes"
    "not_bound"
    "oracle_load"
    "oracle_nouveau_bound"
    "oracle_nova_bound"
    "oracle_rebind"
    "oracle_unload"
    "pci_event"
    "power_off"
    "prime"
    "prime_modules"
    "prime_unplug"
    "program"
    "rebind"
    "reset"
    "rmmod_refused"
    "sample"
    "sample_called"
    "sample_debugfs"
    "show"
    "sleep"
    "stress_unbind"
    "taint"
    "teardown"
    "unbind_open_fd"
    "unload"
    "version"
];
