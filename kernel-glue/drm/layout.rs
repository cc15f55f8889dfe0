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
const STRUCTURES: [(&str, usize); 14] = [
    ("dma_fence", size_of::<bindings::dma_fence>()),
    ("dma_fence_ops", size_of::<bindings::dma_fence_ops>()),
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

    let Some((name, c, rust)) = difference(&STRUCTURES, c_sizes) else {
        return Ok(());
    };
    dev_err!(
        dev,
        "struct {} has {} bytes in C and {} in Rust: module built for another kernel, rebuild it\n",
        name,
        c,
        rust
    );
    Err(EINVAL)
}

/// The first structure whose size differs: its name and both sizes, that of C first.
fn difference<'a>(rust: &[(&'a str, usize)], c: &[usize]) -> Option<(&'a str, usize, usize)> {
    rust.iter()
        .zip(c)
        .find(|((_, rust), c)| rust != *c)
        .map(|(&(name, rust), &c)| (name, c, rust))
}

#[kunit_tests(kernel_glue_drm_layout)]
mod tests {
    use super::*;

    #[test]
    fn this_kernel_is_the_one_that_the_module_was_built_for() {
        // SAFETY: The array is constant.
        assert_eq!(
            difference(&STRUCTURES, unsafe { &kernel_glue_drm_sizes }),
            None
        );
    }

    #[test]
    fn sizes_are_those_of_structures_and_not_nothing() {
        assert!(STRUCTURES.iter().all(|&(_, size)| size > 0));
    }

    #[test]
    fn the_first_structure_that_differs_is_named() {
        let rust = [("same", 8), ("longer", 16), ("shorter", 4)];
        assert_eq!(difference(&rust, &[8, 16, 4]), None);
        assert_eq!(difference(&rust, &[8, 12, 8]), Some(("longer", 12, 16)));
        assert_eq!(difference(&rust, &[8, 16, 8]), Some(("shorter", 8, 4)));
    }
}
