// SPDX-License-Identifier: GPL-2.0

//! The windows onto memory, as a driver meets them that sets up page tables through PRAMIN.

use super::*;
use crate::apertures::Window;

const ROOT1: u64 = 0x20_0000;
const ROOT2: u64 = 0x20_1000;
/// Tables of BAR2, in the same MiB.
const PD2: u64 = 0x20_2000;
const PD1: u64 = 0x20_3000;
const PD0: u64 = 0x20_4000;
const PT: u64 = 0x20_5000;

impl Bench {
    /// Writes eight bytes of video memory through PRAMIN.
    fn poke(&mut self, address: u64, value: u64) {
        self.write(0x1700, (address >> 20 << 4) as u32);
        let at = 0x70_0000 + address % 0x10_0000;
        self.write(at, value as u32);
        self.write(at + 4, (value >> 32) as u32);
    }

    fn invalidate(&mut self) {
        self.write(0xb8_30a0, (ROOT2 >> 8) as u32);
        self.write(0xb8_30a4, 0);
        self.write(0xb8_30b0, 0x8000_0007);
        assert_eq!(self.read(0xb8_30b0) >> 31, 0);
    }

    /// Maps small page `index` of BAR2 with this entry.
    fn map_page(&mut self, index: u64, entry: u64) {
        self.poke(PT + 8 * index, entry);
    }

    fn peek<const N: usize>(&mut self, bar: usize, offset: u64) -> [u8; N] {
        let mut out = [0x5a; N];
        self.device.aperture_read(bar, offset, &mut out);
        out
    }
}

/// A card whose GSP-RM has set up the roots, and whose driver has tables for the first 2 MiB of BAR2.
fn with_tables() -> Bench {
    let mut bench = bench("ga102").booted();
    bench.device.set_aperture_roots(ROOT1, ROOT2);
    bench.poke(PD2, PD1 >> 4 | 2);
    bench.poke(PD1, PD0 >> 4 | 2);
    bench.poke(PD0 + 8, PT >> 4 | 2);
    bench
        .device
        .set_aperture_entry(Window::Bar2, 0, PD2 >> 4 | 2);
    bench
}

#[test]
fn tables_decide_what_a_window_shows() {
    let mut bench = with_tables();
    bench.map_page(0, 0x10_3000 >> 4 | 1);
    bench.poke(0x10_3010, 0x1122_3344);
    assert_eq!(bench.peek(3, 0x10), [0x44, 0x33, 0x22, 0x11]);
    bench.device.aperture_write(3, 0x11, &[9]);
    assert_eq!(bench.peek(3, 0x10), [0x44, 9, 0x22, 0x11]);
    assert_eq!(bench.rules(), [""; 0]);
    assert_eq!(bench.peek(1, 0), [0xff; 4], "BAR1 has no tables");
    assert_eq!(bench.rules(), ["PV-16"]);
}

#[test]
fn an_access_goes_on_in_the_next_page() {
    let mut bench = with_tables();
    bench.map_page(0, 0x10_3000 >> 4 | 1);
    bench.map_page(1, 0x10_8000 >> 4 | 1);
    bench.device.aperture_write(3, 0xffe, &[1, 2, 3, 4]);
    bench.device.set_aperture_roots(0, 0);
    bench.device.apertures.reset();
    assert_eq!(bench.peek(3, 0x10_3ffe), [1, 2]);
    assert_eq!(bench.peek(3, 0x10_8000), [3, 4]);
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn system_memory_is_reached_through_the_bus() {
    let mut bench = with_tables();
    bench.map_page(0, PAGE >> 4 | 5);
    bench.device.aperture_write(3, 8, &[7, 8]);
    let mut out = [0; 2];
    bench.device.dma().read(true, PAGE + 8, &mut out).unwrap();
    assert_eq!((out, bench.peek(3, 8)), ([7, 8], [7, 8]));
    assert_eq!(bench.rules(), [""; 0]);
    bench.map_page(1, 0x7000_0000 >> 4 | 5);
    assert_eq!(bench.peek(3, 0x1000), [0xff; 4]);
    assert_eq!(bench.rules(), ["PV-04"]);
}

#[test]
fn what_the_tables_do_not_allow_is_told() {
    let mut bench = with_tables();
    bench.map_page(0, 0x10_3000 >> 4 | 0x41);
    bench.map_page(1, 8);
    bench.device.aperture_write(3, 0, &[1]);
    assert_eq!(bench.rules(), ["PV-16"], "read-only");
    assert_eq!(bench.peek(3, 0), [0], "the write vanished");
    bench.device.aperture_write(3, 0x1000, &[1]);
    assert_eq!(bench.peek(3, 0x1000), [0], "sparse");
    assert_eq!(bench.rules(), ["PV-16"]);
    assert_eq!(bench.peek(3, 0x2000), [0xff], "not mapped");
    assert_eq!(bench.rules(), ["PV-16"; 2]);
}

#[test]
fn a_mapping_must_be_invalidated_before_it_is_used_anew() {
    let mut bench = with_tables();
    bench.map_page(0, 0x10_3000 >> 4 | 1);
    bench.device.aperture_write(3, 0, &[1]);
    bench.map_page(0, 0x10_8000 >> 4 | 1);
    bench.device.aperture_write(3, 0, &[2]);
    assert_eq!(bench.rules(), ["PV-16"]);
    bench.invalidate();
    assert_eq!(bench.peek(3, 0), [0], "the old page was written");
    assert_eq!(bench.rules(), ["PV-16"]);
}

#[test]
fn reset_takes_the_tables_away() {
    let mut bench = with_tables();
    bench.device.reset();
    bench.device.aperture_write(1, 0x40, &[5]);
    assert_eq!(bench.peek(3, 0x40), [5]);
    assert_eq!(bench.rules(), [""; 0]);
}
