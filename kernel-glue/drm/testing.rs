// SPDX-License-Identifier: GPL-2.0

//! What several KUnit suites need.

use crate::fence::Source;
use kernel::{
    prelude::*,
    ModuleMetadata,
    ThisModule, //
};

/// Stands for the kernel, which is never unloaded: suites do not know in which module they are.
pub(crate) struct NoModule;

impl ModuleMetadata for NoModule {
    const NAME: &'static CStr = c"kernel_glue_test";

    // SAFETY: The kernel takes an owner that is null for itself.
    const THIS_MODULE: ThisModule = unsafe { ThisModule::from_ptr(core::ptr::null_mut()) };
}

/// Makes promises.
pub(crate) struct TestSource;

impl Source for TestSource {
    type OwnerModule = NoModule;
    const DRIVER: &'static CStr = c"kernel-glue-test";
    const TIMELINE: &'static CStr = c"test-timeline";
}
