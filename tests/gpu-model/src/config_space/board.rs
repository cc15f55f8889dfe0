// SPDX-License-Identifier: GPL-2.0

//! The configuration space of each family's board.
//!
//! Offsets and values are those of public dumps and published register headers. Where a family's
//! offset is not public (extended capabilities and MSI-X of GB20x), the capability is left out or
//! sits where the previous family has it; the builder says so.
//!
//! Left out on purpose: DOE, IDE, ATS and PASID of GB10x, because the kernel starts to talk to
//! them while it enumerates and nothing here would answer.

use super::{
    layout::{
        Bar,
        Layout, //
    },
    ConfigSpace,
};
use crate::{
    chips::{
        BoardClass,
        Chip,
        Families,
        Family, //
    },
    vram::MIB,
};

const VENDOR: u32 = 0x10de;
const REVISION: u32 = 0xa1;
const ROM_SIZE: u32 = 512 << 10;
const STATUS_CAPABILITY_LIST: u32 = 1 << 20;
/// Status bits that a write of one clears: parity, aborts, system error.
const STATUS_CLEARS: u32 = 0xf900_0000;
/// Command: I/O, memory, bus master, parity, SERR, INTx disable.
const COMMAND_WRITABLE: u32 = 0x0547;

const ID_POWER: u32 = 0x01;
const ID_MSI: u32 = 0x05;
const ID_VENDOR: u32 = 0x09;
const ID_EXPRESS: u32 = 0x10;
const ID_MSIX: u32 = 0x11;

/// What the board designer may choose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices {
    /// Show an expansion ROM BAR. Off by default: firmware of the machine would run the ROM.
    pub rom_bar: bool,
    /// Size of BAR0 instead of the family's, in bytes; a power of two.
    pub bar0_size: Option<u64>,
}

/// Builds the configuration space of `chip`'s board.
pub fn build(chip: &Chip, choices: Choices) -> ConfigSpace {
    let mut layout = Layout::new();
    header(&mut layout, chip);
    bars(&mut layout, chip, choices);
    match chip.family {
        Family::Turing | Family::Ga100 | Family::Ga10x | Family::Ada => xve(&mut layout, chip),
        Family::Hopper => hopper(&mut layout, chip),
        Family::Gb10x => gb10x(&mut layout, chip),
        Family::Gb20x => gb20x(&mut layout, chip),
    }
    ConfigSpace::new(layout)
}

fn header(layout: &mut Layout, chip: &Chip) {
    let class = match chip.class {
        BoardClass::Vga => 0x0300,
        BoardClass::ThreeD => 0x0302,
    };
    let subsystem = if chip.subsystem == 0 {
        chip.device
    } else {
        chip.subsystem
    };
    layout
        .dword(0x00, u32::from(chip.device) << 16 | VENDOR, 0)
        .dword(0x04, STATUS_CAPABILITY_LIST, COMMAND_WRITABLE)
        .clears(0x04, STATUS_CLEARS)
        .dword(0x08, class << 16 | REVISION, 0)
        .dword(0x0c, 0, 0xff)
        .dword(0x2c, u32::from(subsystem) << 16 | VENDOR, 0)
        .byte(0x3c, 0, 0xff)
        .byte(0x3d, 1, 0);
}

/// Registers, VRAM aperture, BAR2 aperture; I/O and ROM on VGA boards. The apertures follow
/// BAR0, so their numbers depend on whether it takes one register or two.
fn bars(layout: &mut Layout, chip: &Chip, choices: Choices) {
    let size = choices.bar0_size.unwrap_or(chip.family.bar0_size());
    let first = if chip.family.bar0_is_64bit() {
        layout.bar(0, Bar::wide(size));
        2
    } else {
        layout.bar(0, Bar::narrow(size));
        1
    };
    layout
        .bar(first, Bar::wide(chip.aperture_mib * MIB))
        .bar(first + 2, Bar::wide(32 * MIB));
    if chip.class == BoardClass::Vga {
        layout.bar(5, Bar::io(128));
    }
    if choices.rom_bar && chip.class == BoardClass::Vga {
        layout.rom(ROM_SIZE);
    }
}

// Capabilities -------------------------------------------------------------------------------

fn power(layout: &mut Layout, at: usize, first_word: u32, next: u32) {
    layout.caps.power = at;
    layout
        .dword(at, first_word << 16 | next << 8 | ID_POWER, 0)
        // No soft reset on D3hot to D0; power state, PME enable, PME status.
        .dword(at + 4, 0x0000_0008, 0x0000_0103)
        .clears(at + 4, 0x0000_8000);
}

/// MSI with `vectors` vectors, 64-bit addresses; maskable from two vectors on.
fn msi(layout: &mut Layout, at: usize, vectors: u32, next: u32) {
    let maskable = vectors > 1;
    let control = 0x80 | u32::from(maskable) << 8 | vectors.trailing_zeros() << 1;
    layout.caps.msi = Some(at);
    layout.caps.msi_vectors = vectors;
    layout
        .dword(at, control << 16 | next << 8 | ID_MSI, 0x0071_0000)
        .dword(at + 4, 0, 0xffff_fffc)
        .dword(at + 8, 0, 0xffff_ffff)
        .dword(at + 0xc, 0, 0x0000_ffff);
    if maskable {
        let mask = u32::MAX >> (32 - vectors);
        layout.dword(at + 0x10, 0, mask).dword(at + 0x14, 0, 0);
    }
}

/// The MSI capability as boards show it that hide it: id zero, still in the list.
fn hidden_msi(layout: &mut Layout, at: usize, next: u32) {
    layout.dword(at, 0x0080_0000 | next << 8, 0);
}

fn msix(layout: &mut Layout, at: usize, vectors: u32, next: u32) {
    layout.caps.msix = Some(at);
    layout.caps.msix_vectors = vectors;
    layout
        .dword(at, (vectors - 1) << 16 | next << 8 | ID_MSIX, 0xc000_0000)
        .dword(at + 4, 0x00b9_0000, 0)
        .dword(at + 8, 0x00ba_0000, 0);
}

/// Vendor-specific capability, 0x14 bytes.
fn vendor(layout: &mut Layout, at: usize, next: u32) {
    layout.dword(at, 0x0114_0000 | next << 8 | ID_VENDOR, 0);
}

fn express(layout: &mut Layout, at: usize, chip: &Chip, next: u32) {
    let speed = chip.family.link_speed();
    let endpoint_type = match chip.class {
        BoardClass::Vga => 1,
        BoardClass::ThreeD => 0,
    };
    let speeds = (2 << speed) - 2;
    layout.caps.express = at;
    layout
        .dword(
            at,
            (2 | endpoint_type << 4) << 16 | next << 8 | ID_EXPRESS,
            0,
        )
        // 256 byte payload, extended tag, role-based errors, function-level reset.
        .dword(at + 0x04, 0x1000_8de1, 0)
        .dword(at + 0x08, 0x0000_2910, 0x0000_7fff)
        .clears(at + 0x08, 0x000f_0000)
        // x16, ASPM L0s and L1, clock power management.
        .dword(at + 0x0c, 0x0045_3d00 | speed, 0)
        .dword(at + 0x10, (0x1100 | speed) << 16 | 0x40, 0x0000_0fdb)
        .dword(at + 0x24, 0x0000_0813, 0)
        .dword(at + 0x28, 0, 0x0000_041f)
        .dword(at + 0x2c, speeds, 0)
        .dword(at + 0x30, speed, 0x0000_ffbf)
        .clears(at + 0x30, 0x0020_0000);
}

/// Header of an extended capability.
fn extended(layout: &mut Layout, at: usize, id: u32, version: u32, next: usize) {
    // CAST: offsets are below 0x1000.
    layout.dword(at, (next as u32) << 20 | version << 16 | id, 0);
}

fn advanced_errors(layout: &mut Layout, at: usize, next: usize) {
    extended(layout, at, 0x0001, 2, next);
    layout
        .clears(at + 0x04, 0x07ff_f030)
        .dword(at + 0x08, 0, 0x07ff_f030)
        .dword(at + 0x0c, 0x0006_2030, 0x07ff_f030)
        .clears(at + 0x10, 0x0000_f1c1)
        .dword(at + 0x14, 0x0000_2000, 0x0000_f1c1)
        .dword(at + 0x18, 0x0000_00a0, 0x0000_0140);
}

fn latency_tolerance(layout: &mut Layout, at: usize, next: usize) {
    extended(layout, at, 0x0018, 1, next);
    layout.dword(at + 4, 0, 0x1fff_1fff);
}

fn l1_substates(layout: &mut Layout, at: usize, next: usize) {
    extended(layout, at, 0x001e, 1, next);
    layout
        // All four substates, 40 us common mode restore, 10 us T_POWER_ON.
        .dword(at + 0x04, 0x0028_281f, 0)
        .dword(at + 0x08, 0, 0xe3ff_ff0f)
        .dword(at + 0x0c, 0x0000_0028, 0x0000_00fb);
}

fn power_budgeting(layout: &mut Layout, at: usize, next: usize) {
    extended(layout, at, 0x0004, 1, next);
    layout.dword(at + 4, 0, 0xff);
}

/// Vendor-specific extended capability with id 1 and revision 1.
fn vendor_extended(layout: &mut Layout, at: usize, len: u32, next: usize) {
    extended(layout, at, 0x000b, 1, next);
    layout.dword(at + 4, len << 20 | 1 << 16 | 1, 0);
}

fn secondary_express(layout: &mut Layout, at: usize, next: usize) {
    extended(layout, at, 0x0019, 1, next);
    layout.dword(at + 4, 0, 0x3);
}

fn serial_number(layout: &mut Layout, at: usize, chip: &Chip, next: usize) {
    extended(layout, at, 0x0003, 1, next);
    layout
        .dword(at + 4, 0x4b2d_0000 | chip.id, 0)
        .dword(at + 8, 0x48b0_2d00, 0);
}

/// Resizable BAR entry for a BAR of `size` bytes that may have the sizes in `mib_powers`
/// (bit n: 2^n MiB). `entries` is the number of entries, given in the first one only.
fn resizable(layout: &mut Layout, at: usize, bar: u32, size: u64, mib_powers: u32, entries: u32) {
    let power = (size / MIB).trailing_zeros();
    layout.dword(at, mib_powers << 4, 0).dword(
        at + 4,
        power << 8 | entries << 5 | bar,
        0x0000_3f00,
    );
}

/// Sizes from 64 MiB to the first power of two that holds all VRAM, and the present size.
fn aperture_sizes(chip: &Chip) -> u32 {
    let largest = chip.vram_mib.next_power_of_two().trailing_zeros().min(19);
    let present = chip.aperture_mib.trailing_zeros();
    (6..=largest.max(present)).fold(0, |bits, power| bits | 1 << power)
}

/// Single-root I/O virtualisation, off, with `total` virtual functions.
fn virtual_functions(layout: &mut Layout, at: usize, device: u16, total: u32, next: usize) {
    extended(layout, at, 0x0010, 1, next);
    layout
        .dword(at + 0x08, 0, 0x0000_001f)
        .dword(at + 0x0c, total << 16 | total, 0)
        .dword(at + 0x10, 0, 0x0000_ffff)
        .dword(at + 0x14, 1 << 16 | 4, 0)
        .dword(at + 0x18, u32::from(device) << 16, 0)
        .dword(at + 0x1c, 0x0000_0553, 0)
        .dword(at + 0x20, 1, 0xffff_ffff)
        // 256 KiB registers, 256 MiB aperture, 32 MiB BAR2, all 64-bit and prefetchable.
        .dword(at + 0x24, 0xc, 0xfffc_0000)
        .dword(at + 0x28, 0, 0xffff_ffff)
        .dword(at + 0x2c, 0xc, 0xf000_0000)
        .dword(at + 0x30, 0, 0xffff_ffff)
        .dword(at + 0x34, 0xc, 0xfe00_0000)
        .dword(at + 0x38, 0, 0xffff_ffff);
}

// Families -----------------------------------------------------------------------------------

/// Turing, Ampere and Ada: the "XVE" configuration space. 3D boards hide MSI and show MSI-X.
fn xve(layout: &mut Layout, chip: &Chip) {
    layout.byte(0x34, 0x60, 0);
    // ROM shadow enable; reachable through the BAR0 mirror only.
    layout.dword(0x50, 0x0000_0001, 0);
    power(layout, 0x60, 0x4803, 0x68);
    match chip.class {
        BoardClass::Vga => {
            msi(layout, 0x68, 1, 0x78);
            vendor(layout, 0xb4, 0x00);
        }
        BoardClass::ThreeD => {
            hidden_msi(layout, 0x68, 0x78);
            vendor(layout, 0xb4, 0xc8);
            msix(layout, 0xc8, 6, 0x00);
        }
    }
    express(layout, 0x78, chip, 0xb4);

    extended(layout, 0x100, 0x0002, 1, 0x128);
    layout.dword(0x114, 0x8000_00ff, 0x0000_00fe);
    power_budgeting(layout, 0x128, 0x250);
    latency_tolerance(layout, 0x250, 0x258);
    l1_substates(layout, 0x258, 0x420);
    advanced_errors(layout, 0x420, 0x600);
    // HDA function enable: the kernel sets it on every board of this vendor.
    layout.dword(0x488, 0, 0x0200_0000);
    vendor_extended(layout, 0x600, 0x24, 0x900);
    secondary_express(layout, 0x900, 0xbb0);

    let has_vfs = chip.name == "tu102" || Families::GA100.has(chip.family);
    let has_gen4 = !Families::TURING.has(chip.family);
    let after_vfs = if has_gen4 { 0xc1c } else { 0 };
    extended(
        layout,
        0xbb0,
        0x0015,
        1,
        if has_vfs { 0xbcc } else { after_vfs },
    );
    let registers = chip.family.bar0_size();
    resizable(layout, 0xbb4, 0, registers, 1 << 4, 3);
    let aperture = chip.aperture_mib * MIB;
    resizable(layout, 0xbbc, 1, aperture, aperture_sizes(chip), 0);
    resizable(layout, 0xbc4, 3, 32 * MIB, 1 << 5, 0);
    if has_vfs {
        virtual_functions(layout, 0xbcc, chip.device, 16, after_vfs);
    }
    if has_gen4 {
        extended(layout, 0xc1c, 0x0026, 1, 0xd00);
        extended(layout, 0xd00, 0x0027, 1, 0xe00);
        extended(layout, 0xe00, 0x0025, 1, 0);
    }
}

/// GH100. The first extended header is a null capability.
fn hopper(layout: &mut Layout, chip: &Chip) {
    layout.byte(0x34, 0x40, 0);
    power(layout, 0x40, 0x0003, 0x48);
    msi(layout, 0x48, 16, 0x60);
    express(layout, 0x60, chip, 0x9c);
    vendor(layout, 0x9c, 0xb0);
    msix(layout, 0xb0, 9, 0x00);
    hopper_extended(layout, chip);
}

fn hopper_extended(layout: &mut Layout, chip: &Chip) {
    extended(layout, 0x100, 0x0000, 0, 0x12c);
    latency_tolerance(layout, 0x12c, 0x134);
    extended(layout, 0x134, 0x0015, 1, 0x1b8);
    let bar = if chip.family.bar0_is_64bit() { 2 } else { 1 };
    let aperture = chip.aperture_mib * MIB;
    resizable(layout, 0x138, bar, aperture, aperture_sizes(chip), 1);
    let has_vfs = chip.class == BoardClass::ThreeD;
    advanced_errors(layout, 0x1b8, if has_vfs { 0x250 } else { 0x290 });
    if has_vfs {
        virtual_functions(layout, 0x250, chip.device, 16, 0x290);
    }
    l1_substates(layout, 0x290, 0x2a4);
    vendor_extended(layout, 0x2a4, 0x14, 0x2b8);
    power_budgeting(layout, 0x2b8, 0x2f0);
    serial_number(layout, 0x2f0, chip, 0);
}

/// GB100 and GB102. No MSI capability is published.
fn gb10x(layout: &mut Layout, chip: &Chip) {
    layout.byte(0x34, 0x40, 0);
    express(layout, 0x40, chip, 0x7c);
    msix(layout, 0x7c, 12, 0x88);
    power(layout, 0x88, 0x0003, 0x90);
    vendor(layout, 0x90, 0xa4);
    vendor(layout, 0xa4, 0x00);

    serial_number(layout, 0x100, chip, 0x148);
    advanced_errors(layout, 0x148, 0x190);
    latency_tolerance(layout, 0x190, 0x198);
    extended(layout, 0x198, 0x0015, 1, 0x1d8);
    let aperture = chip.aperture_mib * MIB;
    resizable(layout, 0x19c, 2, aperture, aperture_sizes(chip), 1);
    extended(layout, 0x1d8, 0x0025, 1, 0x1e4);
    extended(layout, 0x1e4, 0x0026, 1, 0x214);
    extended(layout, 0x214, 0x002a, 1, 0x244);
    secondary_express(layout, 0x244, 0x270);
    extended(layout, 0x270, 0x0027, 1, 0x300);
    virtual_functions(layout, 0x300, chip.device, 16, 0x340);
    l1_substates(layout, 0x340, 0x368);
    power_budgeting(layout, 0x368, 0);
}

/// GB202 to GB207. The extended offsets of these boards are not public; the list is GH100's,
/// without SR-IOV. MSI-X and the vendor-specific capability are left out.
fn gb20x(layout: &mut Layout, chip: &Chip) {
    layout.byte(0x34, 0x40, 0);
    power(layout, 0x40, 0x0003, 0x48);
    msi(layout, 0x48, 16, 0x60);
    express(layout, 0x60, chip, 0x00);
    hopper_extended(layout, chip);
}
