// SPDX-License-Identifier: GPL-2.0

//! The answer to `GET_GSP_STATIC_INFO`: what the card is and where its memory is.

use super::{
    boards,
    faults::StaticInfoFault,
    wire::{
        put,
        put_u32,
        put_u64, //
    },
    CardFacts,
};
use crate::{
    chips::Family,
    vram::MIB, //
};

/// Bytes of the payload.
pub const SIZE: usize = 1656;
/// Handle of GSP-RM's own client, outside of what drivers choose.
pub const INTERNAL_CLIENT: u32 = 0xc1e0_0004;
/// Handle of its device.
pub const INTERNAL_DEVICE: u32 = 0xde1e_0001;
/// Handle of its subdevice.
pub const INTERNAL_SUBDEVICE: u32 = 0x5d1e_0002;
/// VRAM below the heap of GSP-RM that it keeps for itself.
const RESERVE: u64 = 32 * MIB;
/// Regions of which one fits the table.
const REGIONS: usize = 16;
const REGION: usize = 48;

/// Offsets.
mod at {
    pub const GID_FLAGS: usize = 24 + 4;
    pub const GID_LENGTH: usize = 24 + 8;
    pub const GID: usize = 24 + 12;
    pub const BOARD_ID: usize = 292;
    pub const CHIP_SKU: usize = 292 + 4;
    pub const REGION_COUNT: usize = 344;
    pub const REGIONS: usize = 352;
    pub const ENGINE_CAPS: usize = 1204;
    pub const FB_LENGTH: usize = 1224;
    pub const FBIO_MASK: usize = 1232;
    pub const FB_BUS_WIDTH: usize = 1240;
    pub const FB_RAM_TYPE: usize = 1244;
    pub const FBP_MASK: usize = 1248;
    pub const L2_CACHE_SIZE: usize = 1256;
    pub const NAME: usize = 1260;
    pub const SHORT_NAME: usize = 1324;
    pub const UNICODE_NAME: usize = 1388;
    pub const IS_TESLA: usize = 1523;
    pub const IS_MIG_SUPPORTED: usize = 1529;
    pub const BAR1_PDE: usize = 1536;
    pub const BAR2_PDE: usize = 1544;
    pub const VBIOS_VALID: usize = 1552;
    pub const VBIOS_SUB_VENDOR: usize = 1556;
    pub const VBIOS_SUB_DEVICE: usize = 1560;
    pub const PAGE_RETIREMENT: usize = 1564;
    pub const INTERNAL_HANDLES: usize = 1600;
    pub const WPR_LAYOUT: usize = 1640;
}
const NAME_SIZE: usize = 64;

/// First byte of VRAM that GSP-RM keeps for itself.
pub fn reserve(card: &CardFacts) -> u64 {
    (card.wpr.non_wpr_heap_offset - RESERVE.min(card.wpr.non_wpr_heap_offset)) & !0xfff
}

/// VRAM addresses of the roots of BAR1's and BAR2's page tables.
pub fn bar_roots(card: &CardFacts) -> [u64; 2] {
    let reserve = reserve(card);
    [reserve, reserve + 0x1000]
}

/// Marketing name of the board, as drivers print it.
pub fn name(card: &CardFacts) -> String {
    format!("NVIDIA {}", card.chip.board)
}

/// Bytes by which the board tells itself from others; the same for the same chip and size.
fn uuid(card: &CardFacts) -> [u8; 16] {
    let seed = u64::from(card.chip.id) << 48 ^ u64::from(card.device_id) << 16 ^ card.vram;
    let low = super::start::hash(&seed.to_le_bytes());
    let high = super::start::hash(&low.to_le_bytes());
    let mut uuid = [0; 16];
    uuid[..8].copy_from_slice(&high.to_be_bytes());
    uuid[8..].copy_from_slice(&low.to_be_bytes());
    uuid[6] = uuid[6] & 0x0f | 0x40;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    uuid
}

struct Region {
    base: u64,
    limit: u64,
    reserved: u64,
    usable: bool,
}

impl Region {
    fn encode(&self) -> [u8; REGION] {
        let mut bytes = [0; REGION];
        put_u64(&mut bytes, 0, self.base);
        put_u64(&mut bytes, 8, self.limit);
        put_u64(&mut bytes, 16, self.reserved);
        put_u32(&mut bytes, 24, u32::from(self.usable));
        bytes[28] = u8::from(self.usable);
        bytes[29] = u8::from(self.usable);
        bytes
    }
}

/// The payload, with what `fault` makes of it.
pub fn payload(card: &CardFacts, fault: Option<StaticInfoFault>) -> Vec<u8> {
    let mut info = vec![0; SIZE];
    identity(&mut info, card);
    memory(&mut info, card);
    for (index, handle) in [INTERNAL_CLIENT, INTERNAL_DEVICE, INTERNAL_SUBDEVICE]
        .into_iter()
        .enumerate()
    {
        put_u32(&mut info, at::INTERNAL_HANDLES + 4 * index, handle);
    }
    if card.chip.family.boots_by_fsp() {
        put_u64(&mut info, at::WPR_LAYOUT, card.wpr.non_wpr_heap_offset);
        put_u64(&mut info, at::WPR_LAYOUT + 8, card.wpr.frts_offset);
    }
    if let Some(fault) = fault {
        spoil(&mut info, fault);
    }
    info
}

fn identity(info: &mut [u8], card: &CardFacts) {
    put_u32(info, at::GID_FLAGS, 2);
    put_u32(info, at::GID_LENGTH, 16);
    put(info, at::GID, &uuid(card));
    put_u32(info, at::BOARD_ID, card.subsystem_id >> 16);
    let short = card.chip.name.to_uppercase();
    put(info, at::CHIP_SKU, short.as_bytes());
    let name = name(card);
    let len = name.len().min(NAME_SIZE - 1);
    put(info, at::NAME, &name.as_bytes()[..len]);
    put(info, at::SHORT_NAME, short.as_bytes());
    for (index, unit) in name.encode_utf16().take(NAME_SIZE - 1).enumerate() {
        put(info, at::UNICODE_NAME + 2 * index, &unit.to_le_bytes());
    }
    let compute = !card.chip.has_display();
    info[at::IS_TESLA] = u8::from(compute);
    info[at::IS_MIG_SUPPORTED] = u8::from(compute && card.chip.family != Family::Turing);
    info[at::PAGE_RETIREMENT] = u8::from(compute);
    info[at::VBIOS_VALID] = 1;
    put_u32(info, at::VBIOS_SUB_VENDOR, card.subsystem_id & 0xffff);
    put_u32(info, at::VBIOS_SUB_DEVICE, card.subsystem_id >> 16);
    // Engines by their RM numbers: graphics, six copy engines, one decoder, one encoder, SEC2.
    let engines: u64 = 1 << 1 | 0x3f << 9 | 1 << 0x1d | 1 << 0x25 | 1 << 0x31;
    put_u64(info, at::ENGINE_CAPS, engines);
}

fn memory(info: &mut [u8], card: &CardFacts) {
    let reserve = reserve(card);
    let regions = [
        Region {
            base: 0,
            limit: reserve - 1,
            reserved: 0,
            usable: true,
        },
        Region {
            base: reserve,
            limit: card.vram - 1,
            reserved: card.vram - reserve,
            usable: false,
        },
    ];
    // CAST: two.
    put_u32(info, at::REGION_COUNT, regions.len() as u32);
    for (index, region) in regions.iter().enumerate() {
        put(info, at::REGIONS + REGION * index, &region.encode());
    }
    put_u64(info, at::FB_LENGTH, card.vram);
    if let Some(board) = boards::board(card.chip.name) {
        // One partition for each 32 bits of the bus, or 1024 of a stack of HBM.
        let width = if board.bus_width > 1024 { 1024 } else { 32 };
        let mask = (1u64 << (board.bus_width / width)) - 1;
        put_u64(info, at::FBIO_MASK, mask);
        put_u64(info, at::FBP_MASK, mask);
        put_u32(info, at::FB_BUS_WIDTH, board.bus_width);
        put_u32(info, at::FB_RAM_TYPE, board.ram_type);
        put_u32(info, at::L2_CACHE_SIZE, board.l2_kib << 10);
    }
    let [bar1, bar2] = bar_roots(card);
    put_u64(info, at::BAR1_PDE, bar1);
    put_u64(info, at::BAR2_PDE, bar2);
}

fn spoil(info: &mut [u8], fault: StaticInfoFault) {
    let limit = at::REGIONS + 8;
    match fault {
        StaticInfoFault::RegionCount(count) => {
            put_u32(info, at::REGION_COUNT, count);
            // Whoever reads past the table finds regions that look usable.
            let spare = Region {
                base: 1 << 60,
                limit: (1 << 60) + 0xfff,
                reserved: 1,
                usable: false,
            };
            for index in 2..REGIONS {
                put(info, at::REGIONS + REGION * index, &spare.encode());
            }
        }
        StaticInfoFault::LimitBelowBase => {
            put_u64(info, at::REGIONS, 0x2000_0000);
            put_u64(info, limit, 0x1fff_ffff - 0x1000);
        }
        StaticInfoFault::LimitAllOnes => put_u64(info, limit, u64::MAX),
        StaticInfoFault::AllReserved => put_u64(info, at::REGIONS + 16, 1),
        StaticInfoFault::NameUnterminated => info[at::NAME..at::NAME + NAME_SIZE].fill(b'N'),
        StaticInfoFault::NameNotUtf8 => put(info, at::NAME, &[0xff, 0xfe, 0xc0]),
        StaticInfoFault::EmptyName => info[at::NAME..at::NAME + NAME_SIZE].fill(0),
    }
}
