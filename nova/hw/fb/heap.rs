// SPDX-License-Identifier: GPL-2.0

//! How big GSP-RM's heap inside the protected region has to be.

use super::LayoutError;
use crate::chip::{
    Family,
    Libos, //
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// For each GiB of video memory, started or full.
const PER_GIB: u64 = 96 * KIB;

/// For clients: 48 KiB for each of 2048 channels.
const CLIENTS: u64 = 48 * KIB * 2048;

/// The whole heap in vGPU mode, whatever the amount of memory.
const VGPU: u64 = 581 * MIB;

/// The operating system's own part, and the limits it sets: at least, and less than.
const fn libos_limits(libos: Libos) -> (u64, u64, u64) {
    match libos {
        Libos::V2 => (0, 64 * MIB, 256 * MIB),
        Libos::V3 => (22 * MIB, 88 * MIB, 280 * MIB),
    }
}

/// Bytes of heap for a chip of `family` with `fb_size` bytes of video memory.
///
/// # Errors
///
/// [`LayoutError::VramTooBig`] if `fb_size` overflows the computation.
pub fn wpr_heap_size(family: &Family, fb_size: u64, vgpu: bool) -> Result<u64, LayoutError> {
    if vgpu {
        return Ok(VGPU);
    }
    let (carveout, min, limit) = libos_limits(family.libos);
    let too_big = LayoutError::VramTooBig { fb_size };
    let for_memory = PER_GIB
        .checked_mul(fb_size.div_ceil(GIB))
        .and_then(|bytes| bytes.checked_next_multiple_of(MIB))
        .ok_or(too_big)?;
    let sum = carveout
        .checked_add(family.base_heap_size)
        .and_then(|sum| sum.checked_add(CLIENTS))
        .and_then(|sum| sum.checked_add(for_memory))
        .ok_or(too_big)?;
    Ok(sum.clamp(min, limit - 1))
}
