// SPDX-License-Identifier: GPL-2.0

use super::*;

fn memory(size: u64) -> File {
    let fd = rustix::fs::memfd_create("dma-test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let file = File::from(fd);
    file.set_len(size).unwrap();
    file
}

fn space() -> DmaSpace {
    DmaSpace::new(47)
}

fn range(address: u64, size: u64) -> MapRequest {
    MapRequest {
        address,
        size,
        readable: true,
        writable: true,
        memory: None,
    }
}

fn ram(file: &File, address: u64, size: u64, offset: u64) -> MapRequest {
    MapRequest {
        memory: Some((file.try_clone().unwrap(), offset)),
        ..range(address, size)
    }
}

#[test]
fn read_sees_what_was_written_across_adjacent_mappings() {
    let file = memory(0x4000);
    let mut dma = space();
    dma.map(ram(&file, 0x10_0000, 0x1000, 0x3000)).unwrap();
    dma.map(ram(&file, 0x10_1000, 0x1000, 0x0000)).unwrap();
    dma.write(true, 0x10_0ffe, &[1, 2, 3, 4]).unwrap();
    let mut out = [0; 4];
    dma.read(true, 0x10_0ffe, &mut out).unwrap();
    assert_eq!(out, [1, 2, 3, 4]);
    let mut raw = [0; 2];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut raw, 0x3ffe).unwrap();
    assert_eq!(raw, [1, 2], "first half is at the end of the file");
}

#[test]
fn one_file_is_mapped_once_for_many_pages() {
    let file = memory(0x100_0000);
    let mut dma = space();
    for page in 0..2000 {
        dma.map(ram(
            &file,
            0xf000_0000 + page * 0x2000,
            0x1000,
            page * 0x1000,
        ))
        .unwrap();
    }
    assert_eq!(dma.len(), 2000);
    assert_eq!(dma.files.len(), 1);
    dma.unmap_all();
    assert_eq!(
        dma.files[0].strong_count(),
        0,
        "no pointer survives the last unmap"
    );
}

#[test]
fn access_is_refused_with_the_reason() {
    let file = memory(0x4000);
    let mut dma = space();
    dma.map(ram(&file, 0x1000, 0x1000, 0)).unwrap();
    dma.map(MapRequest {
        writable: false,
        ..ram(&file, 0x2000, 0x1000, 0x1000)
    })
    .unwrap();
    dma.map(MapRequest {
        readable: false,
        ..ram(&file, 0x3000, 0x1000, 0x2000)
    })
    .unwrap();
    dma.map(range(0x4000, 0x1000)).unwrap();
    dma.map(ram(&file, (1 << 47) - 0x1000, 0x2000, 0)).unwrap();
    use Direction::{Read, Write};
    for (name, master, direction, address, len, want) in [
        (
            "bus master off",
            false,
            Read,
            0x1000,
            4,
            DmaError::BusMasterOff,
        ),
        (
            "below all maps",
            true,
            Read,
            0x0ffc,
            4,
            DmaError::Unmapped(0x0ffc),
        ),
        (
            "into a read-only map",
            true,
            Write,
            0x1ffe,
            4,
            DmaError::ReadOnly(0x2000),
        ),
        (
            "from a write-only map",
            true,
            Read,
            0x3000,
            4,
            DmaError::WriteOnly(0x3000),
        ),
        (
            "map without memory",
            true,
            Read,
            0x4000,
            4,
            DmaError::NotMemory(0x4000),
        ),
        (
            "past the last map",
            true,
            Read,
            0x5000,
            4,
            DmaError::Unmapped(0x5000),
        ),
        (
            "above the mask",
            true,
            Read,
            (1 << 47) - 2,
            4,
            DmaError::AboveMask(1 << 47, 47),
        ),
        (
            "at the end of addresses",
            true,
            Read,
            u64::MAX,
            4,
            DmaError::AboveMask(u64::MAX, 47),
        ),
    ] {
        assert_eq!(
            dma.check(master, direction, address, len),
            Err(want),
            "{name}"
        );
    }
    assert_eq!(dma.check(true, Write, 0x1000, 0x1000), Ok(()));
    assert_eq!(dma.check(true, Read, 0x1000, 0x2000), Ok(()));
}

#[test]
fn refused_write_changes_nothing() {
    let file = memory(0x2000);
    let mut dma = space();
    dma.map(ram(&file, 0x1000, 0x1000, 0)).unwrap();
    dma.write(true, 0x1ffe, &[7; 4]).unwrap_err();
    let mut out = [9; 2];
    dma.read(true, 0x1ffe, &mut out).unwrap();
    assert_eq!(out, [0, 0]);
}

#[test]
fn malformed_mappings_are_refused() {
    let file = memory(0x1000);
    let mut dma = space();
    dma.map(range(0x10_000, 0x1000)).unwrap();
    let refused = |dma: &mut DmaSpace, request| dma.map(request).unwrap_err().to_string();
    for (name, request, want) in [
        ("empty", range(0, 0), "mapping at 0x0 has size zero"),
        (
            "wraps",
            range(u64::MAX, 2),
            "mapping at 0xffffffffffffffff of 0x2 bytes wraps around",
        ),
        (
            "no direction",
            MapRequest {
                readable: false,
                writable: false,
                ..range(0, 0x1000)
            },
            "mapping at 0x0 is neither readable nor writable",
        ),
        (
            "overlap",
            range(0xf_800, 0x1000),
            "mapping at 0xf800 of 0x1000 bytes overlaps the one at 0x10000",
        ),
        (
            "short file",
            ram(&file, 0, 0x1000, 1),
            "file of 0x1000 bytes cannot back 0x1000 bytes from offset 0x1",
        ),
        (
            "offset wraps",
            ram(&file, 0, 0x1000, u64::MAX),
            "file of 0x1000 bytes cannot back 0x1000 bytes from offset 0xffffffffffffffff",
        ),
    ] {
        assert_eq!(refused(&mut dma, request), want, "{name}");
    }
    assert!(refused(&mut dma, ram(&memory(0), 0, 0x1000, 0)).starts_with("cannot map"));
    assert_eq!(dma.len(), 1);
}

#[test]
fn last_page_of_the_address_space_can_be_mapped_and_unmapped() {
    let mut dma = space();
    dma.map(range(0xffff_ffff_ffff_f000, 0x1000)).unwrap();
    assert_eq!(dma.unmap(0, u64::MAX).len(), 0, "ends one byte too early");
    assert_eq!(dma.unmap(0xffff_ffff_ffff_f000, 0x1000).len(), 1);
}

#[test]
fn unmap_removes_contained_ranges_only() {
    for (name, address, size, left) in [
        ("exact", 0x2000, 0x1000, 2),
        ("everything", 0x0000, 1 << 47, 0),
        ("two of three", 0x1000, 0x2000, 1),
        ("part of one", 0x2000, 0x800, 3),
        ("unknown", 0x9000, 0x1000, 3),
        ("size zero", 0x2000, 0, 3),
        ("wraps", 0x3000, u64::MAX, 2),
    ] {
        let mut dma = space();
        for start in [0x1000, 0x2000, 0x3000] {
            dma.map(range(start, 0x1000)).unwrap();
        }
        let gone = dma.unmap(address, size);
        assert_eq!(dma.len(), left, "{name}");
        assert_eq!(gone.len(), 3 - left, "{name}");
    }
}

#[test]
fn unmapped_page_is_out_of_reach() {
    let file = memory(0x2000);
    let mut dma = space();
    dma.map(ram(&file, 0x1000, 0x1000, 0)).unwrap();
    dma.map(ram(&file, 0x2000, 0x1000, 0x1000)).unwrap();
    dma.unmap(0x1000, 0x1000);
    assert_eq!(
        dma.read(true, 0x1000, &mut [0; 4]),
        Err(DmaError::Unmapped(0x1000))
    );
    dma.read(true, 0x2000, &mut [0; 4]).unwrap();
}

#[test]
fn read_only_descriptor_makes_the_range_read_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("memory");
    std::fs::write(&path, [5; 0x1000]).unwrap();
    let file = File::open(&path).unwrap();
    let mut dma = space();
    dma.map(ram(&file, 0x1000, 0x1000, 0)).unwrap();
    let mut out = [0; 4];
    dma.read(true, 0x1000, &mut out).unwrap();
    assert_eq!(out, [5; 4]);
    assert_eq!(
        dma.write(true, 0x1000, &[1]),
        Err(DmaError::ReadOnly(0x1000))
    );
}
