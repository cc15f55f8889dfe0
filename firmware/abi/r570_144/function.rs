// SPDX-License-Identifier: GPL-2.0

//! The numbers of calls to GSP-RM and of its events.

use core::fmt;

/// The number of a call or an event.
///
/// A number that has no name here is no error: the GSP may have more to say than the driver knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u32);

/// Events have this number or a higher one.
const FIRST_EVENT: u32 = 0x1000;

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl Function {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// The published name.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    /// Nothing.
    NOP = 0,
    /// Describes the driver; not needed.
    SET_GUEST_SYSTEM_INFO = 1,
    /// Makes a memory object of a list of pages.
    ALLOC_MEMORY = 4,
    /// Frees an object.
    FREE = 10,
    /// Makes another handle for an object.
    DUP_OBJECT = 21,
    /// Asks GSP-RM to stop.
    UNLOADING_GUEST_DRIVER = 47,
    /// Sets a virtual address space's page directory.
    SET_PAGE_DIRECTORY = 54,
    /// Asks for what GSP-RM knows about the GPU.
    GET_GSP_STATIC_INFO = 65,
    /// Sets the first page-directory entry of a BAR's address space.
    UPDATE_BAR_PDE = 70,
    /// The continuation of a call or reply longer than a message.
    CONTINUATION_RECORD = 71,
    /// Describes the GPU's place in the machine. Not answered.
    GSP_SET_SYSTEM_INFO = 72,
    /// Gives GSP-RM its settings. Not answered.
    SET_REGISTRY = 73,
    /// Calls a method of an object.
    GSP_RM_CONTROL = 76,
    /// Takes a virtual address space's page directory away.
    UNSET_PAGE_DIRECTORY = 79,
    /// Makes an object.
    GSP_RM_ALLOC = 103,
    /// Event: GSP-RM is ready for calls.
    GSP_INIT_DONE = 0x1001,
    /// Event: the driver is to run a list of register accesses.
    GSP_RUN_CPU_SEQUENCER = 0x1002,
    /// Event: something a client asked to be told.
    POST_EVENT = 0x1003,
    /// Event: a channel failed.
    RC_TRIGGERED = 0x1004,
    /// Event: there are faults in the MMU's buffer.
    MMU_FAULT_QUEUED = 0x1005,
    /// Event: a line for the log.
    OS_ERROR_LOG = 0x1006,
    /// Event: a display raster interrupt.
    RG_LINE_INTR = 0x1007,
    /// Event: samples of utilisation.
    GPUACCT_PERFMON_UTIL_SAMPLES = 0x1008,
    /// Event: read in a simulation.
    SIM_READ = 0x1009,
    /// Event: write in a simulation.
    SIM_WRITE = 0x100a,
    /// Event: a semaphore was released.
    SEMAPHORE_SCHEDULE_CALLBACK = 0x100b,
    /// Event: text of a microcontroller's log.
    UCODE_LIBOS_PRINT = 0x100c,
    /// Event: a vGPU plugin.
    VGPU_GSP_PLUGIN_TRIGGERED = 0x100d,
    /// Event: limits of boost clocks.
    PERF_GPU_BOOST_SYNC_LIMITS_CALLBACK = 0x100e,
    /// Event: whether there is a bridge between GPUs.
    PERF_BRIDGELESS_INFO_UPDATE = 0x100f,
    /// Event: the configuration of vGPUs.
    VGPU_CONFIG = 0x1010,
    /// Event: a modeset begins or ends.
    DISPLAY_MODESET = 0x1011,
    /// Event: an external device's interrupt.
    EXTDEV_INTR_SERVICE = 0x1012,
    /// Event: up to 256 bytes from NVLink.
    NVLINK_INBAND_RECEIVED_DATA_256 = 0x1013,
    /// Event: up to 512 bytes from NVLink.
    NVLINK_INBAND_RECEIVED_DATA_512 = 0x1014,
    /// Event: up to 1024 bytes from NVLink.
    NVLINK_INBAND_RECEIVED_DATA_1024 = 0x1015,
    /// Event: up to 2048 bytes from NVLink.
    NVLINK_INBAND_RECEIVED_DATA_2048 = 0x1016,
    /// Event: up to 4096 bytes from NVLink.
    NVLINK_INBAND_RECEIVED_DATA_4096 = 0x1017,
    /// Event: a semaphore is to be released later.
    TIMED_SEMAPHORE_RELEASE = 0x1018,
    /// Event: whether NVLink is degraded.
    NVLINK_IS_GPU_DEGRADED = 0x1019,
    /// Event: the platform's request handler changed state.
    PFM_REQ_HNDLR_STATE_SYNC_CALLBACK = 0x101a,
    /// Event: an NVLink fault.
    NVLINK_FAULT_UP = 0x101b,
    /// Event: the GSP's registers may not be touched, or may be again.
    GSP_LOCKDOWN_NOTICE = 0x101c,
    /// Event: the configuration of compute instances.
    MIG_CI_CONFIG_UPDATE = 0x101d,
    /// Event: records of a trace.
    UPDATE_GSP_TRACE = 0x101e,
    /// Event: recovery from a fatal NVLink error.
    NVLINK_FATAL_ERROR_RECOVERY = 0x101f,
    /// Event: a record of an assertion or error in GSP-RM.
    GSP_POST_NOCAT_RECORD = 0x1020,
    /// Event: an error of a graphics engine's context switch.
    FECS_ERROR = 0x1021,
    /// Event: what is recommended after an error.
    RECOVERY_ACTION = 0x1022,
}

impl Function {
    /// Whether the number is one of those the GSP uses without having been called.
    pub const fn is_event(self) -> bool {
        self.0 >= FIRST_EVENT
    }

    /// Whether the GSP answers. It does not answer the two calls that it reads before it is ready, nor
    /// continuations, which belong to another call.
    pub const fn is_answered(self) -> bool {
        !matches!(
            self,
            Self::GSP_SET_SYSTEM_INFO | Self::SET_REGISTRY | Self::CONTINUATION_RECORD
        )
    }
}

/// `<name> (<number>)`, or the number alone.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#x})", self.0),
            None => write!(f, "function {:#x}", self.0),
        }
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::Function;
    use crate::cases::{
        cases,
        check,
        same,
        Text, //
    };

    cases! { function_cases at abi::r570_144::function::cases:
        fn numbers_used_in_boot_and_unload() {
            for (function, number, name, event) in [
                (
                    Function::UNLOADING_GUEST_DRIVER,
                    47,
                    "UNLOADING_GUEST_DRIVER (0x2f)",
                    false,
                ),
                (
                    Function::GET_GSP_STATIC_INFO,
                    65,
                    "GET_GSP_STATIC_INFO (0x41)",
                    false,
                ),
                (
                    Function::CONTINUATION_RECORD,
                    71,
                    "CONTINUATION_RECORD (0x47)",
                    false,
                ),
                (
                    Function::GSP_SET_SYSTEM_INFO,
                    72,
                    "GSP_SET_SYSTEM_INFO (0x48)",
                    false,
                ),
                (Function::SET_REGISTRY, 73, "SET_REGISTRY (0x49)", false),
                (
                    Function::GSP_INIT_DONE,
                    0x1001,
                    "GSP_INIT_DONE (0x1001)",
                    true,
                ),
                (
                    Function::GSP_RUN_CPU_SEQUENCER,
                    0x1002,
                    "GSP_RUN_CPU_SEQUENCER (0x1002)",
                    true,
                ),
                (
                    Function::OS_ERROR_LOG,
                    0x1006,
                    "OS_ERROR_LOG (0x1006)",
                    true,
                ),
                (
                    Function::GSP_LOCKDOWN_NOTICE,
                    0x101c,
                    "GSP_LOCKDOWN_NOTICE (0x101c)",
                    true,
                ),
                (
                    Function::RECOVERY_ACTION,
                    0x1022,
                    "RECOVERY_ACTION (0x1022)",
                    true,
                ),
                (Function(0x1023), 0x1023, "function 0x1023", true),
                (Function(228), 228, "function 0xe4", false),
            ] {
                same!(function.0, number);
                same!(Text::of(function), name);
                same!(function.is_event(), event, "{name}");
            }
        }

        fn all_events_have_names() {
            let named = (0x1000..0x1100).filter(|&number| Function(number).name().is_some());
            check!(named.eq(0x1001..=0x1022));
        }

        fn calls_before_boot_are_not_answered() {
            let unanswered = (0..0x1000).filter(|&number| !Function(number).is_answered());
            check!(unanswered.eq([71, 72, 73]));
        }
    }
}
