// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::{
    chips::{
        Chip,
        CHIPS, //
    },
    device::Options,
    trace::Trace,
};
use proptest::prelude::*;

fn backend(chip: &str) -> Backend {
    let options = Options::new(Chip::by_name(chip).unwrap());
    Backend::new(Arc::new(Mutex::new(
        Device::new(options, Trace::off()).unwrap(),
    )))
}

#[test]
fn regions_are_those_of_the_board() {
    for (chip, want) in [
        (
            "ga102",
            [16 << 20, 256 << 20, 0, 32 << 20, 0, 128, 0, 4096, 0],
        ),
        ("ga100", [16 << 20, 64 << 30, 0, 32 << 20, 0, 0, 0, 4096, 0]),
        (
            "gh100",
            [16 << 20, 0, 128 << 30, 0, 32 << 20, 0, 0, 4096, 0],
        ),
        (
            "gb202",
            [64 << 20, 256 << 20, 0, 32 << 20, 0, 128, 0, 4096, 0],
        ),
    ] {
        let sizes: Vec<u64> = backend(chip)
            .regions()
            .iter()
            .map(|r| r.region_info.size)
            .collect();
        assert_eq!(sizes, want, "{chip}");
    }
}

#[test]
fn no_region_can_be_mapped_by_the_client() {
    for chip in CHIPS {
        for region in backend(chip.name).regions() {
            assert!(region.mmap_fd.is_none() && region.sparse_areas.is_empty());
            let access = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
            assert_eq!(region.region_info.flags & !access, 0, "{}", chip.name);
        }
    }
}

#[test]
fn interrupt_counts_are_those_of_the_capabilities() {
    for (chip, want) in [
        ("ga102", [1, 1, 0, 0, 0]),
        ("ga100", [1, 0, 6, 0, 0]),
        ("gh100", [1, 16, 9, 0, 0]),
        ("gb100", [1, 0, 12, 0, 0]),
        ("gb202", [1, 16, 0, 0, 0]),
    ] {
        let counts: Vec<u32> = backend(chip).irqs().iter().map(|irq| irq.count).collect();
        assert_eq!(counts, want, "{chip}");
    }
}

#[test]
fn rom_bar_region_holds_the_rom() {
    let mut options = Options::new(Chip::by_name("ga102").unwrap());
    options.rom_bar = true;
    let device = Device::new(options, Trace::off()).unwrap();
    let mut backend = Backend::new(Arc::new(Mutex::new(device)));
    assert_eq!(backend.regions()[6].region_info.size, 512 << 10);
    let mut rom = vec![0; 512 << 10];
    backend.region_read(6, 0, &mut rom).unwrap();
    assert_eq!(rom[..3], [0x55, 0xaa, 128]);
}

#[test]
fn accesses_outside_a_region_are_refused_or_dropped() {
    let mut backend = backend("ga102");
    let mut out = [0; 4];
    for (name, region, offset) in [
        ("past BAR0", 0, 16 << 20),
        ("across the end", 0, (16 << 20) - 2),
        ("wraps", 0, u64::MAX - 1),
        ("absent BAR", 2, 0),
        ("absent ROM", 6, 0),
        ("VGA region", 8, 0),
        ("no such region", 77, 0),
    ] {
        assert!(
            backend.region_read(region, offset, &mut out).is_err(),
            "{name}"
        );
        assert!(
            backend.region_write(region, offset, &out).is_ok(),
            "{name}: never answered"
        );
    }
    for region in [2, 6, 8, 77, u32::MAX] {
        assert!(backend.region_read(region, 0, &mut []).is_err(), "{region}");
        assert!(backend.region_write(region, 0, &[]).is_ok(), "{region}");
    }
    assert!(backend.region_read(7, 4095, &mut out).is_err());
    assert!(backend
        .region_read(1, 0, &mut vec![0; MAX_TRANSFER + 1])
        .is_err());
}

#[derive(Clone, Debug)]
enum Message {
    Read(u32, u64, usize),
    Write(u32, u64, Vec<u8>),
    Map(u32, u64, u64, u64, bool),
    Unmap(u32, u64, u64),
    Irqs(u32, u32, u32, u32, usize),
    Reset,
    Disconnect,
    /// So many microseconds pass, as they do on a busy machine.
    Wait(u64),
}

fn offset() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..4200,
        4 => 0u64..(17 << 20),
        1 => any::<u64>(),
        2 => proptest::sample::select(vec![0x100c10, 0x100c40, 0x118234, 0x1700, 0x6013d5, 0xa00]),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let region = prop_oneof![4 => Just(0u32), 4 => Just(7u32), 2 => 0u32..12, 1 => any::<u32>()];
    let page = prop_oneof![3 => (0u64..64).prop_map(|n| n << 12), 1 => any::<u64>()];
    let size = prop_oneof![3 => (0u64..16).prop_map(|n| n << 12), 1 => any::<u64>()];
    prop_oneof![
        4 => (region.clone(), offset(), 0usize..20).prop_map(|(r, o, n)| Message::Read(r, o, n)),
        1 => (region.clone(), Just(4096usize)).prop_map(|(r, n)| Message::Read(r, 0, n)),
        6 => (region, offset(), proptest::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(r, o, d)| Message::Write(r, o, d)),
        2 => (0u32..8, page.clone(), size.clone(), page.clone(), any::<bool>())
            .prop_map(|(f, a, s, o, fd)| Message::Map(f, a, s, o, fd)),
        2 => (0u32..8, page, size).prop_map(|(f, a, s)| Message::Unmap(f, a, s)),
        2 => (0u32..7, 0u32..0x40, prop_oneof![0u32..20, any::<u32>()],
              prop_oneof![0u32..20, any::<u32>()], 0usize..3)
            .prop_map(|(i, f, s, c, n)| Message::Irqs(i, f, s, c, n)),
        1 => Just(Message::Reset),
        1 => Just(Message::Disconnect),
        2 => prop_oneof![0u64..5000, 0u64..20_000_000].prop_map(Message::Wait),
    ]
}

/// Results are not looked at: what a malformed message gets is tested elsewhere by name.
fn send(backend: &mut Backend, file: &File, message: Message) {
    match message {
        Message::Read(region, offset, len) => {
            let _ = backend.region_read(region, offset, &mut vec![0; len]);
        }
        Message::Write(region, offset, data) => {
            backend.region_write(region, offset, &data).unwrap();
        }
        Message::Map(flags, address, size, offset, with_fd) => {
            let flags = DmaMapFlags::from_bits_retain(flags);
            let fd = with_fd.then(|| file.try_clone().unwrap());
            let _ = backend.dma_map(flags, offset, address, size, fd);
        }
        Message::Unmap(flags, address, size) => {
            let flags = DmaUnmapFlags::from_bits_retain(flags);
            backend.dma_unmap(flags, address, size).unwrap();
        }
        Message::Irqs(index, flags, start, count, fds) => {
            let fds = (0..fds).map(|_| file.try_clone().unwrap()).collect();
            let _ = backend.set_irqs(index, flags, start, count, fds);
        }
        Message::Reset => backend.reset().unwrap(),
        Message::Disconnect => backend.lock().disconnected(),
        Message::Wait(micros) => {
            let mut device = backend.lock();
            device.recorder.skip(micros);
            device.tick();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_messages_makes_the_model_panic(
        chip in 0..CHIPS.len(),
        messages in proptest::collection::vec(message(), 1..60),
    ) {
        let mut backend = backend(CHIPS[chip].name);
        backend.region_write(7, 4, &[6, 0]).unwrap();
        let memory = rustix::fs::memfd_create("backend-test", rustix::fs::MemfdFlags::CLOEXEC);
        let file = File::from(memory.unwrap());
        file.set_len(0x8000).unwrap();
        for message in messages {
            send(&mut backend, &file, message);
        }
        let device = backend.lock();
        let violations = device.recorder.violations().len();
        prop_assert_eq!(crate::report::status(&device) == 0, violations == 0);
    }
}
