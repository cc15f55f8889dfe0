// SPDX-License-Identifier: GPL-2.0

//! Mappings of objects into programs.
//!
//! The shmem helper allocates the pages and counts the mappings. Faults are handled here, because the
//! helper's handler goes on when the device has been unplugged, maps one page at a time, takes a second
//! fault for the first write to each page, and maps the wrong page once a mapping has been split: it
//! counts from where the mapping begins, not from where the object does.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::device::Plugged;
use core::ops::Range;
use kernel::{
    bindings,
    mm::virt::VmaRef,
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    }, //
};

/// Length and alignment of what one fault maps, in bytes; that of faults in files by default.
const WINDOW: usize = 16 * PAGE_SIZE;

/// Same as the helper's but for the faults. Without a function for the first write to a page, pages are
/// mapped writable at once; `kernel_glue_drm_gem_mmap()` takes care that they count as written to.
pub(super) const VM_OPERATIONS: &bindings::vm_operations_struct = &const {
    bindings::vm_operations_struct {
        open: Some(kernel_glue_drm_gem_vm_open),
        close: Some(kernel_glue_drm_gem_vm_close),
        fault: Some(fault),
        ..pin_init::zeroed()
    }
};

/// Maps the page that was touched and those around it.
///
/// # Safety
///
/// `vmf` is a fault in a mapping with these operations, of an object made by this crate.
unsafe extern "C" fn fault(vmf: *mut bindings::vm_fault) -> bindings::vm_fault_t {
    const SIGBUS: bindings::vm_fault_t = bindings::vm_fault_reason_VM_FAULT_SIGBUS;
    const MAPPED: bindings::vm_fault_t = bindings::vm_fault_reason_VM_FAULT_NOPAGE;

    // SAFETY: The fault is valid, and so is its mapping while the fault is handled. The mapping keeps the
    // object, of which nothing read here changes meanwhile, and the object its device.
    let (vma, window, pages, plugged) = unsafe {
        let at = &(*vmf).__bindgen_anon_1;
        let vma = VmaRef::from_raw(at.vma);
        let object: *mut bindings::drm_gem_shmem_object = (*at.vma).vm_private_data.cast();
        let gem = &raw mut (*object).base;
        let window = Window::around(
            at.address,
            vma.start()..vma.end(),
            // CAST: Page numbers have as many bits as addresses, on 64-bit machines.
            at.pgoff
                .wrapping_sub((*gem).vma_node.vm_node.start as usize),
            (*gem).size >> PAGE_SHIFT,
        );
        (vma, window, (*object).pages, Plugged::enter((*gem).dev))
    };
    let (Some(window), Ok(_plugged)) = (window, plugged) else {
        return SIGBUS;
    };

    let insert = |page: usize| {
        // SAFETY: The window lies in mapping and object. The mapping counts as a user of the pages, so
        // that there are as many as the object is long, and they stay.
        unsafe { kernel_glue_drm_insert_page(vma.as_ptr(), window.address(page), *pages.add(page)) }
    };
    let result = insert(window.touched);
    if result == MAPPED {
        // Nobody waits for the others.
        window.others().all(|page| insert(page) == MAPPED);
    }
    result
}

/// The pages of an object that one fault maps.
struct Window {
    /// The page that was touched, counted from the start of the object.
    touched: usize,
    /// Its address in the program.
    address: usize,
    /// All of them.
    pages: Range<usize>,
}

impl Window {
    /// What surrounds page `touched` of an object of `length` pages, mapped at `address`, as far as it is
    /// in `mapping`.
    ///
    /// `None` if the page is behind the end of the object.
    fn around(
        address: usize,
        mapping: Range<usize>,
        touched: usize,
        length: usize,
    ) -> Option<Self> {
        let behind = length.checked_sub(touched).filter(|&pages| pages > 0)?;
        let in_window = address % WINDOW;

        let before = in_window.min(address.checked_sub(mapping.start)?) >> PAGE_SHIFT;
        let after = (WINDOW - in_window).min(mapping.end.checked_sub(address)?) >> PAGE_SHIFT;

        Some(Self {
            touched,
            address,
            pages: touched - before.min(touched)..touched + after.min(behind),
        })
    }

    /// All pages but the one that was touched.
    fn others(&self) -> impl Iterator<Item = usize> + '_ {
        self.pages.clone().filter(|&page| page != self.touched)
    }

    /// Where a page of the window is mapped.
    fn address(&self, page: usize) -> usize {
        // Wraps for pages in front, and back again.
        self.address
            .wrapping_add(page.wrapping_sub(self.touched) << PAGE_SHIFT)
    }
}

// What is inline or private in C; see gem_helpers.c.
#[expect(
    improper_ctypes,
    reason = "the structures contain empty ones, which C has as well"
)]
extern "C" {
    fn kernel_glue_drm_gem_vm_open(vma: *mut bindings::vm_area_struct);
    fn kernel_glue_drm_gem_vm_close(vma: *mut bindings::vm_area_struct);
    fn kernel_glue_drm_insert_page(
        vma: *mut bindings::vm_area_struct,
        address: usize,
        page: *mut bindings::page,
    ) -> bindings::vm_fault_t;
}
