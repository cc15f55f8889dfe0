// SPDX-License-Identifier: GPL-2.0

//! Which pages a fault maps.

use super::*;
use kernel::prelude::*;

/// Where a window of addresses begins.
const BASE: usize = 64 * WINDOW;
/// Pages in it.
const PAGES: usize = WINDOW / PAGE_SIZE;

fn page(index: usize) -> usize {
    BASE + index * PAGE_SIZE
}

/// Pages that a fault at page `touched` maps, of an object of `length` pages that begins at [`BASE`] and
/// of which pages `mapped` are in the mapping.
fn pages(touched: usize, mapped: Range<usize>, length: usize) -> Option<Range<usize>> {
    let mapping = page(mapped.start)..page(mapped.end);
    Some(Window::around(page(touched), mapping, touched, length)?.pages)
}

#[kunit_tests(kernel_glue_drm_mapping)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_maps_the_window_that_it_is_in() {
        for touched in [0, 7, PAGES - 1] {
            assert_eq!(pages(touched, 0..100, 100), Some(0..PAGES));
        }
        assert_eq!(pages(PAGES, 0..100, 100), Some(PAGES..2 * PAGES));
    }

    #[test]
    fn a_fault_maps_nothing_outside_of_its_mapping() {
        assert_eq!(pages(5, 5..9, 100), Some(5..9));
        assert_eq!(pages(8, 5..9, 100), Some(5..9));
    }

    #[test]
    fn a_fault_maps_nothing_behind_the_object() {
        assert_eq!(pages(2, 0..100, 3), Some(0..3));
        assert_eq!(pages(3, 0..100, 3), None);
        assert_eq!(pages(usize::MAX / PAGE_SIZE - 64 * PAGES, 0..100, 3), None);
    }

    #[test]
    fn an_object_need_not_begin_where_a_window_does() {
        // Page 0 of the object at page 3 of the window.
        let window = Window::around(page(5), page(3)..page(100), 2, 50);
        assert_eq!(window.map(|window| window.pages), Some(0..PAGES - 3));
    }

    #[test]
    fn each_page_has_its_address() {
        let window = Window::around(page(5), page(0)..page(100), 5, 100);
        let found = window.map(|window| {
            window
                .pages
                .clone()
                .all(|index| window.address(index) == page(index))
                && window.others().count() == PAGES - 1
                && window.others().all(|index| index != 5)
        });
        assert_eq!(found, Some(true));
    }
}
