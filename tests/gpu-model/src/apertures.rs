// SPDX-License-Identifier: GPL-2.0

//! The two windows onto memory in the BARs: which byte an offset shows.
//!
//! Until GSP-RM runs they show video memory as it is. Then page tables decide, whose roots belong to
//! GSP-RM: the driver writes into the first one (BAR1) itself, and has GSP-RM write into the second (BAR2).
//!
//! A translation that was used stays in use until the driver invalidates it, as it may in hardware; using
//! one that the tables no longer agree with is told.

use std::collections::HashMap;

use crate::{
    chips::Family,
    gmmu::{
        Fault,
        Format,
        Memory,
        Place, //
    },
};

/// Pages are told apart by this many low bits, the fewest that a page has.
const PAGE_SHIFT: u32 = 12;

/// One of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// BAR1: frame buffer.
    Bar1,
    /// BAR2: what the driver needs for itself. Not necessarily in the second BAR register.
    Bar2,
}

impl Window {
    /// The window behind the BAR register pair `bar` of a chip; `None` if that is no window.
    pub fn of(family: Family, bar: usize) -> Option<Self> {
        let first = if family.bar0_is_64bit() { 2 } else { 1 };
        match bar {
            _ if bar == first => Some(Self::Bar1),
            _ if bar == first + 2 => Some(Self::Bar2),
            _ => None,
        }
    }
}

/// Where a part of an access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The byte it begins at, or why there is none.
    pub place: Result<Place, Fault>,
    /// The tables say something else by now, but the driver did not invalidate.
    pub stale: bool,
}

/// Both windows.
#[derive(Debug)]
pub struct Apertures {
    format: Format,
    roots: Option<[u64; 2]>,
    used: HashMap<(Window, u64), Place>,
}

impl Apertures {
    /// Windows without page tables.
    pub fn new(family: Family) -> Self {
        Self {
            format: Format::of(family),
            roots: None,
            used: HashMap::new(),
        }
    }

    /// Takes the page tables away: the state after reset.
    pub fn reset(&mut self) {
        self.roots = None;
        self.used.clear();
    }

    /// Sets the directories in video memory from which both windows are translated from now on.
    pub fn set_roots(&mut self, bar1: u64, bar2: u64) {
        self.roots = Some([bar1, bar2]);
        self.used.clear();
    }

    /// Address in video memory of the root entry of a window that covers virtual addresses from
    /// `index << shift` on, where `shift` must be that of the root level; `None` without tables.
    pub fn root_entry(&self, window: Window, index: u64) -> Option<u64> {
        Some(self.root(window)? + 8 * index)
    }

    /// The driver has invalidated translations. All are forgotten, also those it did not mean.
    pub fn invalidate(&mut self) {
        self.used.clear();
    }

    /// Where the byte at `offset` of a window is; `None` if the window shows video memory as it is. `read`
    /// fetches eight bytes of a page table.
    pub fn step(
        &mut self,
        window: Window,
        offset: u64,
        read: &impl Fn(Memory, u64) -> Option<u64>,
    ) -> Option<Step> {
        let root = self.root(window)?;
        let now = self.format.translate(root, offset, read);
        let key = (window, offset >> PAGE_SHIFT);
        let low = offset & ((1 << PAGE_SHIFT) - 1);
        // Kept by its page, so that accesses to different bytes of it agree.
        let page = now.map(|place| Place {
            address: place.address - low,
            left: place.left + low,
            ..place
        });
        match self.used.get(&key) {
            Some(before) if page != Ok(*before) => {
                let place = Place {
                    address: before.address + low,
                    left: before.left - low,
                    ..*before
                };
                Some(Step {
                    place: Ok(place),
                    stale: true,
                })
            }
            _ => {
                if let Ok(page) = page {
                    self.used.insert(key, page);
                }
                Some(Step {
                    place: now,
                    stale: false,
                })
            }
        }
    }

    fn root(&self, window: Window) -> Option<u64> {
        let [bar1, bar2] = self.roots?;
        Some(match window {
            Window::Bar1 => bar1,
            Window::Bar2 => bar2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::Chip;
    use std::cell::RefCell;

    const ROOT1: u64 = 0x10_0000;
    const ROOT2: u64 = 0x10_1000;

    fn apertures() -> Apertures {
        let mut apertures = Apertures::new(Chip::by_name("ga102").unwrap().family);
        apertures.set_roots(ROOT1, ROOT2);
        apertures
    }

    /// Tables that map the first page of BAR2 to `page`.
    fn tables(page: u64) -> HashMap<u64, u64> {
        HashMap::from([
            (ROOT2, 0x2000 >> 4 | 2),
            (0x2000, 0x3000 >> 4 | 2),
            (0x3000, 0x4000 >> 4 | 2),
            (0x4008, 0x5000 >> 4 | 2),
            (0x5000, page >> 4 | 1),
        ])
    }

    fn address(step: Option<Step>) -> (u64, bool) {
        let step = step.unwrap();
        (step.place.unwrap().address, step.stale)
    }

    #[test]
    fn windows_are_flat_until_there_are_roots() {
        let mut apertures = apertures();
        apertures.reset();
        assert_eq!(apertures.step(Window::Bar1, 0, &|_, _| Some(0)), None);
        assert_eq!(apertures.root_entry(Window::Bar2, 0), None);
    }

    #[test]
    fn each_window_has_tables_of_its_own() {
        let mut apertures = apertures();
        let tables = tables(0x9000);
        let read = |_, address| Some(*tables.get(&address).unwrap_or(&0));
        assert_eq!(
            address(apertures.step(Window::Bar2, 0x14, &read)),
            (0x9014, false)
        );
        let other = apertures.step(Window::Bar1, 0x14, &read).unwrap();
        assert_eq!(other.place, Err(Fault::Unmapped(47)));
        assert_eq!(apertures.root_entry(Window::Bar1, 1), Some(ROOT1 + 8));
    }

    #[test]
    fn a_changed_table_counts_after_it_was_invalidated() {
        let mut apertures = apertures();
        let tables = RefCell::new(tables(0x9000));
        let read = |_, address| Some(*tables.borrow().get(&address).unwrap_or(&0));
        assert_eq!(
            address(apertures.step(Window::Bar2, 0, &read)),
            (0x9000, false)
        );
        tables.borrow_mut().insert(0x5000, 0xa000 >> 4 | 1);
        assert_eq!(
            address(apertures.step(Window::Bar2, 8, &read)),
            (0x9008, true)
        );
        apertures.invalidate();
        assert_eq!(
            address(apertures.step(Window::Bar2, 8, &read)),
            (0xa008, false)
        );
    }

    #[test]
    fn a_page_that_is_mapped_for_the_first_time_needs_no_invalidation() {
        let mut apertures = apertures();
        let tables = RefCell::new(HashMap::new());
        let read = |_, address| Some(*tables.borrow().get(&address).unwrap_or(&0));
        assert!(apertures
            .step(Window::Bar2, 0, &read)
            .unwrap()
            .place
            .is_err());
        *tables.borrow_mut() = super::tests::tables(0x9000);
        assert_eq!(
            address(apertures.step(Window::Bar2, 0, &read)),
            (0x9000, false)
        );
    }

    #[test]
    fn the_windows_are_where_the_family_has_them() {
        for (chip, bars) in [
            (
                "ga102",
                [(1, Some(Window::Bar1)), (3, Some(Window::Bar2)), (5, None)],
            ),
            (
                "gh100",
                [(2, Some(Window::Bar1)), (4, Some(Window::Bar2)), (5, None)],
            ),
            (
                "gb202",
                [(1, Some(Window::Bar1)), (3, Some(Window::Bar2)), (5, None)],
            ),
        ] {
            let family = Chip::by_name(chip).unwrap().family;
            for (bar, wanted) in bars {
                assert_eq!(Window::of(family, bar), wanted, "{chip} BAR{bar}");
            }
        }
    }
}
