// SPDX-License-Identifier: GPL-2.0

//! Makes sure that Rust and C agree on the structures of the DRM core.
//!
//! Their layout depends on the kernel configuration. A module built against the wrong one would load,
//! since the symbol names are the same, and corrupt memory.

use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*, //
};

extern "C" {
    /// Size of each structure as the C compiler sees it, in the order of [`STRUCTURES`].
    static kernel_glue_drm_sizes: [usize; STRUCTURES.len()];
}

/// The structures that this crate shares with the DRM core, by name and size.
const STRUCTURES: [(&str, usize); 12] = [
    ("drm_device", size_of::<bindings::drm_device>()),
    ("drm_driver", size_of::<bindings::drm_driver>()),
    ("drm_ioctl_desc", size_of::<bindings::drm_ioctl_desc>()),
    ("drm_file", size_of::<bindings::drm_file>()),
    ("drm_minor", size_of::<bindings::drm_minor>()),
    ("drm_gem_object", size_of::<bindings::drm_gem_object>()),
    (
        "drm_gem_object_funcs",
        size_of::<bindings::drm_gem_object_funcs>(),
    ),
    (
        "drm_gem_shmem_object",
        size_of::<bindings::drm_gem_shmem_object>(),
    ),
    ("file_operations", size_of::<bindings::file_operations>()),
    ("vm_area_struct", size_of::<bindings::vm_area_struct>()),
    ("vm_fault", size_of::<bindings::vm_fault>()),
    (
        "vm_operations_struct",
        size_of::<bindings::vm_operations_struct>(),
    ),
];

/// Refuses to go on if a structure has another size in C.
///
/// # Errors
///
/// `EINVAL`, after a log line that names the structure.
pub(crate) fn check(dev: &Device<Bound>) -> Result {
    // SAFETY: The array is constant.
    let c_sizes = unsafe { &kernel_glue_drm_sizes };

    for ((name, rust), c) in STRUCTURES.iter().zip(c_sizes) {
        if rust != c {
            dev_err!(
                dev,
                "struct {} has {} bytes in C and {} in Rust: module built for another kernel, rebuild it\n",
                name, c, rust
            );
            return Err(EINVAL);
        }
    }
    Ok(())
}
