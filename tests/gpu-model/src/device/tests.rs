// SPDX-License-Identifier: GPL-2.0

use super::*;
use std::fs::File;

const RAM: u64 = 0x1000_0000;
const PAGE: u64 = RAM + 0x3000;

/// A device as a driver finds it: decoding, bus master, guest memory mapped, boot complete.
struct Bench {
    device: Device,
    now: u64,
}

fn memory(size: u64) -> File {
    let fd = rustix::fs::memfd_create("device-test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let file = File::from(fd);
    file.set_len(size).unwrap();
    file
}

fn map(device: &mut Device, address: u64, size: u64, writable: bool) {
    device
        .dma_map(MapRequest {
            address,
            size,
            readable: true,
            writable,
            memory: Some((memory(size), 0)),
        })
        .unwrap();
}

fn bench_with(chip: &str, faults: &[&str]) -> Bench {
    let mut options = Options::new(Chip::by_name(chip).unwrap());
    options.faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let mut device = Device::new(options, Trace::off()).unwrap();
    map(&mut device, RAM, 0x10000, true);
    device.config_write(4, &[0x06, 0x00]);
    Bench {
        device,
        now: 10_000_000,
    }
}

fn bench(chip: &str) -> Bench {
    bench_with(chip, &[])
}

impl Bench {
    fn read(&mut self, address: u64) -> u32 {
        let mut out = [0; 4];
        self.device.bar0_read_at(self.now, address, &mut out);
        u32::from_le_bytes(out)
    }

    fn write(&mut self, address: u64, value: u32) {
        self.device
            .bar0_write_at(self.now, address, &value.to_le_bytes());
    }

    fn identify(mut self) -> Self {
        self.read(0x000);
        self.read(0xa00);
        self
    }

    /// Looks at the progress, which the clock has let complete.
    fn see_boot(&mut self) {
        assert_eq!(self.read(0x118128) & 1, 1);
        assert_eq!(self.read(0x118234), 0xff);
    }

    fn booted(self) -> Self {
        let mut bench = self.identify();
        bench.see_boot();
        bench
    }

    fn set_flush(&mut self, page: u64) {
        self.write(0x100c40, (page >> 40) as u32);
        self.write(0x100c10, (page >> 8) as u32);
    }

    fn rules(&self) -> Vec<&str> {
        let violations = self.device.recorder.violations();
        violations
            .iter()
            .map(|violation| violation.id.as_str())
            .collect()
    }
}

#[test]
fn a_driver_that_does_everything_right_is_clean() {
    let mut ga102 = bench("ga102").booted();
    ga102.set_flush(PAGE);
    assert_eq!(ga102.device.phase(), "flush-page-set");
    assert_eq!(ga102.read(0x1183a4), 24 << 10);
    for address in [0x820c04, 0x625f04, 0x300000, 0x1fa828] {
        ga102.read(address);
    }
    ga102.read(0x100c10);
    ga102.read(0x100c40);
    ga102.set_flush(0);
    assert_eq!(ga102.device.phase(), "released");
    ga102.device.dma_unmap(RAM, 0x10000, false);
    assert_eq!(ga102.rules(), [""; 0]);

    let mut gb202 = bench("gb202").identify();
    assert_eq!(gb202.read(0xad00bc), 0xff);
    gb202.write(0x8a1d5c, 0);
    gb202.write(0x8a1d58, PAGE as u32);
    assert_eq!(gb202.read(0x1183a4), 32 << 10);
    gb202.write(0x8a1d5c, 0);
    gb202.write(0x8a1d58, 0);
    assert_eq!(gb202.rules(), [""; 0]);
}

#[test]
fn violation_says_when_where_what_and_how_far_the_driver_was() {
    let mut bench = bench("ga102").booted();
    bench.write(0x1183a4, 0x1234);
    let violation = &bench.device.recorder.violations()[0];
    assert_eq!(violation.id, "PV-06");
    assert_eq!(violation.time_us, bench.now);
    assert_eq!(violation.what, "write to a read-only register");
    assert_eq!(violation.address, "0x1183a4");
    assert_eq!(violation.value, "0x1234");
    assert_eq!(violation.phase, "boot-complete");
}

#[test]
fn rules_of_order_reach_the_report() {
    let mut early = bench("ga102");
    early.read(0x001438);
    assert_eq!(early.rules(), ["PV-08"]);

    let mut masked = bench("ga102").identify();
    masked.now = 0;
    masked.read(0x118234);
    assert_eq!(masked.rules(), ["PV-08"]);

    let mut impatient = bench("ga102").identify();
    impatient.read(0x1183a4);
    assert_eq!(impatient.rules(), ["PV-08"]);
    impatient.see_boot();
    impatient.read(0x1183a4);
    assert_eq!(impatient.rules(), ["PV-08"], "now it may");

    let mut half = bench("ga102").identify();
    half.write(0x100c40, 1);
    half.read(0x1183a4);
    assert_eq!(half.rules(), ["PV-09"]);

    let mut late = bench("ga102").identify();
    late.set_flush(PAGE);
    late.set_flush(0);
    late.read(0x1183a4);
    assert_eq!(late.rules(), ["PV-13"]);
}

/// What nouveau does first: it reads the VBIOS and sets the flush page before it waits.
#[test]
fn a_driver_that_reads_the_vbios_before_it_waits_is_clean() {
    let mut bench = bench("ga102");
    for address in [0x4, 0x0, 0x4, 0x101000, 0x820c04, 0x625f04, 0x088050] {
        bench.read(address);
    }
    bench.write(0x088050, 0);
    bench.read(0x300000);
    bench.read(0x301ffc);
    bench.write(0x088050, 1);
    bench.write(0xb81610, 0xf);
    for (address, value) in [(0x6013d4, 0x1f), (0x6013d4, 0x3f), (0x6013d5, 0x57)] {
        bench.device.bar0_write_at(bench.now, address, &[value]);
    }
    bench.write(0x100c10, (PAGE >> 8) as u32);
    bench.see_boot();
    bench.read(0x1183a4);
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn flush_page_must_be_live_writable_memory_in_reach() {
    for (name, page, want) in [
        ("mapped", PAGE, None),
        ("last page", RAM + 0xf000, None),
        ("not mapped", 0x2000_0000, Some("PV-04")),
        ("read-only", 0x3000_0000, Some("PV-04")),
        ("above 47 bits", 1 << 46 | 0x1000, Some("PV-04")),
    ] {
        let mut bench = bench("ga102").identify();
        map(&mut bench.device, 0x3000_0000, 0x1000, false);
        bench.set_flush(page);
        assert_eq!(
            bench.rules(),
            want.into_iter().collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(bench.device.phase(), "flush-page-set", "{name}");
    }
    let mut no_master = bench("ga102").identify();
    no_master.device.config_write(4, &[0x02, 0x00]);
    no_master.set_flush(PAGE);
    assert_eq!(no_master.rules(), ["PV-03"]);
}

#[test]
fn shifted_address_on_gh100_is_taken_for_what_it_means() {
    let mut bench = bench("gh100").identify();
    bench.write(0x100a38, 0);
    bench.write(0x100a34, ((PAGE & !0xffff) >> 8) as u32);
    assert_eq!(bench.rules(), [""; 0]);
    bench.device.dma_unmap(RAM, 0x10000, false);
    assert_eq!(
        bench.rules(),
        ["PV-05"],
        "the meant page is the one that is watched"
    );
}

#[test]
fn flush_page_unmapped_while_registered_is_noticed() {
    for (name, address, size, all, want) in [
        ("its range", RAM, 0x10000, false, vec!["PV-05"]),
        ("everything", 0, 0, true, vec!["PV-05"]),
        ("another range", 0x5000_0000, 0x1000, false, vec![]),
    ] {
        let mut bench = bench("ga102").identify();
        bench.set_flush(PAGE);
        bench.device.dma_unmap(address, size, all);
        assert_eq!(bench.rules(), want, "{name}");
    }
    let mut gone = bench("ga102").identify();
    gone.set_flush(PAGE);
    gone.device.disconnected();
    assert_eq!(
        gone.rules(),
        [""; 0],
        "a machine switched off is nobody's mistake"
    );
    assert!(gone.device.dma().is_empty());
}

#[test]
fn registers_do_not_answer_without_decode_or_in_d3hot() {
    for (name, offset, data, rule) in [
        ("no decode", 0x04, [0x04, 0x00], "PV-02"),
        ("D3hot", 0x64, [0x03, 0x00], "PV-02"),
    ] {
        let mut bench = bench("ga102");
        bench.device.config_write(offset, &data);
        assert_eq!(bench.read(0), 0xffff_ffff, "{name}");
        bench.write(0x100c10, 1);
        assert_eq!(bench.rules(), [rule; 2], "{name}");
    }
}

#[test]
fn function_level_reset_clears_registers_and_starts_boot_again() {
    let mut bench = bench("ga102").identify();
    bench.set_flush(PAGE);
    bench.write(0x001700, 0x10);
    bench.write(0x700000, 0x1234_5678);
    bench.device.config_write(0x80, &0xa910u16.to_le_bytes());
    assert_eq!(bench.device.recorder.counters.function_level_resets, 1);
    assert_eq!(bench.device.recorder.counters.resets, 1);
    assert_eq!(
        bench.read(0x100c10),
        0xffff_ffff,
        "decode is off after the reset"
    );
    bench.device.config_write(4, &[0x06, 0x00]);
    bench.now = bench.device.recorder.now_us();
    assert_eq!(bench.read(0x118128) & 1, 0, "boot began again");
    bench.now += 60_000;
    bench.see_boot();
    assert_eq!(bench.read(0x100c10), 0);
    assert_eq!(bench.read(0x001700), 0);
    bench.write(0x001700, 0x10);
    assert_eq!(bench.read(0x700000), 0, "VRAM is scrubbed");
    assert_eq!(bench.rules(), ["PV-02"], "the driver still knows the chip");
}

#[test]
fn device_reset_forgets_the_driver_and_counts_once() {
    let mut bench = bench("ga102").identify();
    bench.device.reset();
    bench.device.config_write(4, &[0x06, 0x00]);
    bench.read(0x1183a4);
    assert_eq!(bench.rules(), ["PV-08"]);
    let counters = &bench.device.recorder.counters;
    assert_eq!((counters.resets, counters.function_level_resets), (1, 0));
}

#[test]
fn moved_bar_is_a_violation() {
    let mut bench = bench("ga102");
    bench
        .device
        .config_write(0x10, &0xfd00_0000u32.to_le_bytes());
    bench
        .device
        .config_write(0x10, &0xfb00_0000u32.to_le_bytes());
    assert_eq!(bench.rules(), ["PV-12"]);
}

#[test]
fn config_and_its_mirror_agree() {
    let mut bench = bench("ga102").identify();
    assert_eq!(bench.read(0x88000), 0x2204_10de);
    assert_eq!(bench.read(0x88004) & 6, 6);
    assert_eq!(bench.read(0x88050), 1);
    bench.write(0x88050, 0);
    let mut out = [0; 4];
    bench.device.config_read(0x50, &mut out);
    assert_eq!(out, [0; 4]);
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn misaligned_and_long_accesses_are_served_and_flagged() {
    let mut bench = bench("ga102").identify();
    let mut out = [0; 8];
    bench.device.bar0_read(0x000, &mut out);
    assert_eq!(out, [0xa1, 0, 0x20, 0x17, 0, 0, 0, 0], "BOOT_0 and BOOT_1");
    bench.device.bar0_read(0x002, &mut out[..4]);
    assert_eq!(out[..4], [0x20, 0x17, 0, 0]);
    assert!(bench.rules().iter().all(|rule| *rule == "PV-01"));
    assert!(bench.rules().len() >= 2);
}

#[test]
fn fault_bar0_all_ones_from_takes_the_device_away() {
    let mut bench = bench_with("ga102", &["bar0-all-ones-from=3"]).identify();
    assert_eq!(bench.read(0x1183a4), 0xffff_ffff);
    bench.write(0x001700, 5);
    assert_eq!(bench.read(0x000), 0xffff_ffff);
    assert_eq!(bench.device.recorder.counters.faults_fired, 3);
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn fault_bar0_small_shrinks_the_region() {
    let bench = bench_with("gb202", &["bar0-small"]);
    assert_eq!(bench.device.config().bars()[0].unwrap().size, 8 << 20);
    assert_eq!(bench.device.recorder.counters.faults_fired, 1);
}

#[test]
fn each_fault_that_can_be_read_is_counted_when_it_is() {
    for (fault, chip, address) in [
        ("gfw-never-completes", "ga102", 0x118234),
        ("gfw-mask-closed", "ga102", 0x118128),
        ("gfw-slow=3", "ga102", 0x118128),
        ("gfw-stuck=3", "gb202", 0xad00bc),
        ("unknown-chip", "tu102", 0xa00),
        ("unknown-arch", "gh100", 0xa00),
        ("ancient-chip", "ad102", 0x000),
        ("virtual-function", "ga102", 0x004),
        ("vram-zero", "ga102", 0x1183a4),
        ("vram-pri-error", "tu102", 0x100ce0),
        ("vga-workspace-outside", "ad102", 0x625f04),
    ] {
        let mut bench = bench_with(chip, &[fault]);
        assert_eq!(bench.device.recorder.counters.faults_fired, 0, "{fault}");
        bench.read(address);
        assert_eq!(bench.device.recorder.counters.faults_fired, 1, "{fault}");
    }
}

#[test]
fn fault_gfw_slow_makes_the_driver_wait_and_then_lets_it() {
    let mut bench = bench_with("ga102", &["gfw-slow=300"]).identify();
    let began = bench.now;
    let mut seen = Vec::new();
    let driver_waits_until = loop {
        let progress = (bench.read(0x118128) & 1 == 1).then(|| bench.read(0x118234));
        seen.push(progress);
        if progress == Some(0xff) {
            break bench.now;
        }
        bench.now += 50_000;
    };
    assert_eq!(driver_waits_until - began, 300_000);
    let want = [
        None,
        None,
        Some(0x55),
        Some(0x7f),
        Some(0xaa),
        Some(0xd4),
        Some(0xff),
    ];
    assert_eq!(seen, want);
    bench.set_flush(PAGE);
    assert_eq!(bench.read(0x1183a4), 24 << 10);
    assert_eq!(
        bench.device.recorder.counters.faults_fired, 6,
        "two of the mask, four of the progress"
    );
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn fault_sysmem_flush_stuck_loses_the_address() {
    let mut bench = bench_with("ga102", &["sysmem-flush-stuck"]).identify();
    bench.set_flush(PAGE);
    assert_eq!(bench.read(0x100c10), 0);
    assert_eq!(bench.device.phase(), "identified");
    assert_eq!(bench.device.recorder.counters.faults_fired, 2);
    assert_eq!(bench.rules(), [""; 0]);
}

#[test]
fn fault_sysmem_flush_stolen_blames_who_clears_it() {
    let mut bench = bench_with("ga102", &["sysmem-flush-stolen"]).identify();
    bench.set_flush(PAGE);
    bench.now += 100_000;
    assert_ne!(u64::from(bench.read(0x100c10)) << 8, PAGE);
    assert_eq!(bench.rules(), [""; 0]);
    bench.set_flush(0);
    assert_eq!(bench.rules(), ["PV-09"; 2]);
    assert_eq!(bench.device.recorder.counters.faults_fired, 1);
}

#[test]
fn apertures_show_vram_and_the_io_bar_nothing() {
    let mut bench = bench("ga102");
    bench.device.aperture_write(1, 0x1000, &[1, 2, 3, 4]);
    let mut out = [0; 4];
    bench.device.aperture_read(3, 0x1000, &mut out);
    assert_eq!(out, [1, 2, 3, 4]);
    assert_eq!(bench.rules(), [""; 0]);
    bench.device.aperture_read(5, 0, &mut out);
    assert_eq!((out, bench.rules()), ([0; 4], vec!["PV-07"]));
}

#[test]
fn options_that_contradict_the_chip_are_refused() {
    let make = |chip: &str, change: fn(&mut Options)| {
        let mut options = Options::new(Chip::by_name(chip).unwrap());
        change(&mut options);
        Device::new(options, Trace::off())
            .err()
            .map(|error| error.to_string())
    };
    for (chip, change, want) in [
        ("ga102", (|_| ()) as fn(&mut Options), None),
        (
            "gh100",
            |options| options.vbios = Some(vec![0; 4]),
            Some("gh100 has no VBIOS window, so --vbios has no effect on it"),
        ),
        (
            "ga102",
            |options| options.vbios = Some(vec![0; (1 << 20) + 1]),
            Some("VBIOS image of 1048577 bytes: the window holds 1 to 1048576 bytes"),
        ),
        ("tu102", |options| options.vram = Some(8 << 30), None),
        (
            "tu102",
            |options| options.vram = Some(65 << 20),
            Some(
                "tu102: 65 MiB does not fit NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE, which holds a 6-bit \
                 number shifted left by at most 15; the next lower size that fits is 64 MiB",
            ),
        ),
        (
            "ga102",
            |options| options.faults = vec!["nonsense".into()],
            Some("there is no fault \"nonsense\"; --list-faults shows all"),
        ),
    ] {
        assert_eq!(make(chip, change).as_deref(), want);
    }
}

#[test]
fn given_vbios_is_shown_as_it_is_and_ga100_has_a_header_in_front() {
    let mut options = Options::new(Chip::by_name("ga102").unwrap());
    options.vbios = Some(b"my own vbios".to_vec());
    let mut device = Device::new(options, Trace::off()).unwrap();
    device.config_write(4, &[6, 0]);
    let mut out = [0; 4];
    device.bar0_read(0x300000, &mut out);
    assert_eq!(&out, b"my o");
    let mut ga100 = bench("ga100").identify();
    assert_eq!(ga100.read(0x300000), 0x4947_564e, "NVGI");
}

#[test]
fn report_has_the_agreed_shape() {
    let mut bench = bench("ga102").identify();
    bench.read(0x8f2c00);
    let report = crate::report::report(&bench.device);
    assert_eq!(report["chip"], "ga102");
    assert_eq!(report["vram"], 24u64 << 30);
    assert_eq!(report["violations"][0]["id"], "PV-07");
    assert_eq!(report["counters"]["bar0_reads"], 3);
    assert_eq!(report["counters"]["dma_maps"], 1);
    assert_eq!(report["registers"]["0x000000 NV_PMC_BOOT_0"]["reads"], 1);
    assert_eq!(crate::report::status(&bench.device), 3);
}

mod window;
