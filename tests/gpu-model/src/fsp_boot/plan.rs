// SPDX-License-Identifier: GPL-2.0

//! What FMC wants of `GspFwWprMeta`, and where it puts things: the driver gives sizes, the firmware
//! chooses the places.

use std::ops::Range;

use crate::{
    boot::{
        radix3::PAGE,
        wpr_meta::{
            WprMeta,
            Wrong, //
        },
    },
    chips::{
        Chip,
        Family, //
    },
    engines::{
        Effect,
        Event, //
    },
    gsp_rm::WprLayout,
    vram::MIB,
};

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
/// Alignment of the image.
const IMAGE_ALIGNMENT: u64 = 64 * KIB;
/// Alignment of the region's start.
const WPR_ALIGNMENT: u64 = 128 * KIB;
/// Between the region's start and the heap: the firmware's copy of the plan, and a header.
const HEADER: u64 = WPR_ALIGNMENT;
/// Bytes of FRTS.
const FRTS_SIZE: u64 = MIB;
/// Bytes of the VGA workspace.
const VGA_SIZE: u64 = 128 * KIB;
/// More than a bootloader can have.
const BOOTLOADER_LIMIT: u64 = 16 * MIB;
/// Heap with virtual functions.
const VGPU_HEAP: u64 = 581 * MIB;
/// Bits of the flags that have a meaning in release 570.144.
const FLAGS: u8 = 7;

/// Memory for the power management unit at the end of VRAM.
pub fn pmu_size(family: Family) -> u64 {
    match family {
        Family::Gb10x | Family::Gb20x => 0x182_0000,
        _ => 0,
    }
}

/// Heap below the region.
fn plain_heap_size(family: Family) -> u64 {
    match family {
        Family::Gb20x => 0x22_0000,
        _ => 0x20_0000,
    }
}

/// Heap in the region, for a card with `vram` bytes.
///
/// One known driver limits the result to 280 MiB, another does not limit it. No card is so big that
/// this makes a difference.
fn heap_size(vram: u64) -> u64 {
    let by_size = (96 * KIB * vram.div_ceil(GIB)).next_multiple_of(MIB);
    (22 + 14 + 96) * MIB + by_size
}

/// The sizes that the driver gives, for the trace.
pub fn told(meta: &WprMeta) -> impl Iterator<Item = Effect> {
    let sizes = [
        ("gspFwHeapSize", meta.heap.1),
        ("nonWprHeapSize", meta.plain_heap.1),
        ("frtsSize", meta.frts.1),
        ("pmuReservedSize", meta.pmu_reserved.into()),
        ("vgaWorkspaceSize", meta.vga.1),
        ("gspFwHeapVfPartitionCount", meta.vf_partitions.into()),
    ];
    sizes.into_iter().map(|(name, value)| {
        Effect::Event(Event {
            kind: "fmc",
            op: "told",
            name: name.into(),
            value: Some(value),
        })
    })
}

/// Are the sizes those of the chip, and the places left to the firmware?
///
/// `frts` is the region that FSP was told, `has_vgpu` whether the card was said to have virtual
/// functions.
///
/// # Errors
/// [`Wrong`] with the first field that is not.
pub fn check(
    meta: &WprMeta,
    chip: &Chip,
    vram: u64,
    has_vgpu: bool,
    frts: &Range<u64>,
) -> Result<(), Wrong> {
    for (name, is) in [
        ("gspFwRsvdStart", meta.reserved_start),
        ("nonWprHeapOffset", meta.plain_heap.0),
        ("gspFwWprStart", meta.start),
        ("gspFwHeapOffset", meta.heap.0),
        ("gspFwOffset", meta.image),
        ("bootBinOffset", meta.boot_binary),
        ("frtsOffset", meta.frts.0),
        ("gspFwWprEnd", meta.end),
        ("fbSize", meta.vram),
        ("vgaWorkspaceOffset", meta.vga.0),
    ] {
        if is != 0 {
            return Err(Wrong(format!(
                "{name} is {is:#x}; FMC chooses the places itself and wants zero"
            )));
        }
    }
    let family = chip.family;
    for (name, is, want) in [
        ("nonWprHeapSize", meta.plain_heap.1, plain_heap_size(family)),
        ("frtsSize", meta.frts.1, FRTS_SIZE),
        ("vgaWorkspaceSize", meta.vga.1, VGA_SIZE),
        (
            "pmuReservedSize",
            u64::from(meta.pmu_reserved),
            pmu_size(family),
        ),
    ] {
        if is != want {
            return Err(Wrong(format!(
                "{name} is {is:#x}; {} needs {want:#x}",
                chip.name
            )));
        }
    }
    if meta.flags & !FLAGS != 0 {
        return Err(Wrong(format!("flags are {:#x}", meta.flags)));
    }
    check_heap(meta, vram, has_vgpu)?;
    let told = frts.end - frts.start;
    if told != meta.frts.1 {
        return Err(Wrong(format!(
            "frtsSize is {:#x}, but FSP was told {told:#x}",
            meta.frts.1
        )));
    }
    if vram - frts.end < pmu_size(family) + VGA_SIZE {
        return Err(Wrong(format!(
            "FRTS ends at {:#x}, where pmuReservedSize {:#x} does not fit behind it",
            frts.end, meta.pmu_reserved
        )));
    }
    Ok(())
}

fn check_heap(meta: &WprMeta, vram: u64, has_vgpu: bool) -> Result<(), Wrong> {
    let plain = heap_size(vram);
    let (size, partitions) = (meta.heap.1, meta.vf_partitions);
    match (size == plain, size == VGPU_HEAP && has_vgpu, partitions) {
        (true, _, 0) => Ok(()),
        (_, true, 1..) => Ok(()),
        _ => Err(Wrong(format!(
            "gspFwHeapSize is {size:#x} for {partitions} virtual functions; a card with {:#x} bytes {} \
             needs {:#x}",
            vram,
            if has_vgpu { "and vGPU" } else { "and no vGPU" },
            if has_vgpu && partitions != 0 { VGPU_HEAP } else { plain },
        ))),
    }
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The region that is locked.
    pub region: Range<u64>,
    /// What GSP-RM tells of it.
    pub told: WprLayout,
}

/// Puts everything below FRTS, from the top downwards: bootloader, image, heap, header; and below the
/// region the other heap.
///
/// # Errors
/// [`Wrong`] if there is not enough VRAM, or a size is absurd.
pub fn place(meta: &WprMeta, frts: &Range<u64>) -> Result<Layout, Wrong> {
    if meta.bootloader_size == 0 || meta.bootloader_size > BOOTLOADER_LIMIT {
        return Err(Wrong(format!(
            "bootloader of {:#x} bytes",
            meta.bootloader_size
        )));
    }
    let mut top = frts.start;
    let mut take = |size: u64, alignment: u64| -> Result<u64, Wrong> {
        let Some(start) = top.checked_sub(size) else {
            return Err(Wrong("there is not enough VRAM for all of it".into()));
        };
        top = start - start % alignment;
        Ok(top)
    };
    take(meta.bootloader_size, PAGE)?;
    take(meta.image_size, IMAGE_ALIGNMENT)?;
    take(meta.heap.1, MIB)?;
    let start = take(HEADER, WPR_ALIGNMENT)?;
    let plain_heap = take(meta.plain_heap.1, PAGE)?;
    Ok(Layout {
        region: start..frts.end,
        told: WprLayout {
            non_wpr_heap_offset: plain_heap,
            frts_offset: frts.start,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(chip: &str, vram: u64) -> (WprMeta, &'static Chip, Range<u64>) {
        let chip = Chip::by_name(chip).unwrap();
        let is_gh100 = chip.name == "gh100";
        let distance = if is_gh100 { 0x20_0000 } else { 0x1c0_0000 };
        let meta = WprMeta {
            image_size: 0x3c9_9000,
            bootloader_size: 0x2_9000,
            plain_heap: (
                0,
                if chip.name.starts_with("gb20") {
                    0x22_0000
                } else {
                    0x20_0000
                },
            ),
            heap: (0, heap_size(vram)),
            frts: (0, 0x10_0000),
            vga: (0, 0x2_0000),
            pmu_reserved: if is_gh100 { 0 } else { 0x182_0000 },
            ..WprMeta::default()
        };
        let end = vram - distance;
        (meta, chip, end - 0x10_0000..end)
    }

    #[test]
    fn heaps_are_those_of_the_published_table() {
        for (gib, mib) in [
            (8, 133),
            (12, 134),
            (16, 134),
            (24, 135),
            (32, 135),
            (80, 140),
            (96, 141),
            (141, 146),
            (180, 149),
            (192, 150),
        ] {
            assert_eq!(heap_size(gib * GIB), mib * MIB, "{gib} GiB");
        }
        assert!(heap_size(1024 * GIB) < 280 * MIB, "no limit is reached");
    }

    #[test]
    fn everything_is_below_frts_in_order_and_does_not_overlap() {
        for (chip, gib) in [("gh100", 80), ("gb100", 180), ("gb202", 32), ("gb207", 8)] {
            let vram = gib * GIB;
            let (meta, chip, frts) = meta(chip, vram);
            check(&meta, chip, vram, false, &frts).unwrap();
            let layout = place(&meta, &frts).unwrap();
            assert_eq!(layout.region.end, frts.end);
            assert_eq!(layout.region.start % WPR_ALIGNMENT, 0);
            let needed = meta.bootloader_size + meta.image_size + meta.heap.1 + HEADER;
            let room = frts.start - layout.region.start;
            assert!((needed..needed + 2 * MIB).contains(&room), "{room:#x}");
            assert_eq!(layout.told.frts_offset, frts.start);
            assert_eq!(
                layout.told.non_wpr_heap_offset + meta.plain_heap.1,
                layout.region.start
            );
        }
    }

    #[test]
    fn frts_is_where_the_published_examples_have_it() {
        for (chip, gib, start) in [
            ("gh100", 80, 0x13_ffd0_0000),
            ("gb202", 32, 0x7_fe30_0000),
            ("gb100", 180, 0x2c_fe30_0000),
        ] {
            let (_, _, frts) = meta(chip, gib * GIB);
            assert_eq!(frts, start..start + 0x10_0000, "{chip}");
        }
    }

    #[test]
    fn a_card_too_small_is_refused() {
        let (meta, _, frts) = meta("gb207", 192 * MIB);
        let Wrong(what) = place(&meta, &frts).unwrap_err();
        assert!(what.contains("not enough VRAM"), "{what}");
    }

    type Spoil = fn(&mut WprMeta);

    #[test]
    fn each_field_counts() {
        let rows: &[(&str, Spoil)] = &[
            ("gspFwRsvdStart", |meta| meta.reserved_start = 1),
            ("nonWprHeapOffset", |meta| meta.plain_heap.0 = 1),
            ("gspFwWprStart", |meta| meta.start = 1),
            ("gspFwHeapOffset", |meta| meta.heap.0 = 1),
            ("gspFwOffset", |meta| meta.image = 1),
            ("bootBinOffset", |meta| meta.boot_binary = 1),
            ("frtsOffset", |meta| meta.frts.0 = 1),
            ("gspFwWprEnd", |meta| meta.end = 1),
            ("fbSize", |meta| meta.vram = 1),
            ("vgaWorkspaceOffset", |meta| meta.vga.0 = 1),
            ("nonWprHeapSize", |meta| meta.plain_heap.1 = MIB),
            ("frtsSize", |meta| meta.frts.1 = 0),
            ("vgaWorkspaceSize", |meta| meta.vga.1 = 0),
            ("pmuReservedSize", |meta| meta.pmu_reserved = 0x192_0000),
            ("flags", |meta| meta.flags = 8),
            ("gspFwHeapSize", |meta| meta.heap.1 += MIB),
            ("gspFwHeapSize", |meta| meta.heap.1 = VGPU_HEAP),
            ("1 virtual functions", |meta| meta.vf_partitions = 1),
        ];
        let vram = 32 * GIB;
        for (words, spoil) in rows {
            let (mut meta, chip, frts) = meta("gb202", vram);
            spoil(&mut meta);
            let Wrong(what) = check(&meta, chip, vram, false, &frts).unwrap_err();
            assert!(what.contains(words), "{words}: {what}");
        }
    }

    #[test]
    fn what_fsp_was_told_has_to_agree() {
        let vram = 32 * GIB;
        let (meta, chip, frts) = meta("gb202", vram);
        let short = frts.start..frts.start + 0x8_0000;
        let Wrong(what) = check(&meta, chip, vram, false, &short).unwrap_err();
        assert!(what.contains("FSP was told 0x80000"), "{what}");
        let high = vram - 0x30_0000..vram - 0x20_0000;
        let Wrong(what) = check(&meta, chip, vram, false, &high).unwrap_err();
        assert!(what.contains("does not fit behind it"), "{what}");
    }

    #[test]
    fn a_card_with_vgpu_may_be_used_either_way() {
        let vram = 32 * GIB;
        let (mut meta, chip, frts) = meta("gb202", vram);
        check(&meta, chip, vram, true, &frts).unwrap();
        meta.heap.1 = VGPU_HEAP;
        assert!(check(&meta, chip, vram, true, &frts).is_err(), "for nobody");
        meta.vf_partitions = 16;
        check(&meta, chip, vram, true, &frts).unwrap();
        assert!(check(&meta, chip, vram, false, &frts).is_err());
        meta.heap.1 = heap_size(vram);
        assert!(check(&meta, chip, vram, true, &frts).is_err());
    }
}
