// SPDX-License-Identifier: GPL-2.0

//! ROMs as the emulated GPUs have them, but small.

use super::Seeds;
use gpu_model::vbios::{
    build,
    with_ifr_v1,
    with_ifr_v3,
    Descriptor,
    Spec, //
};

pub(super) fn add(seeds: &mut Seeds) {
    for (name, descriptor, device) in [
        ("v2", Descriptor::V2, 0x1e02),
        ("v3", Descriptor::V3, 0x2204),
    ] {
        let rom = build(&Spec {
            device,
            descriptor,
            units: [4, 2, 2, 6],
            noise: false,
        });
        seeds.add("vbios", format!("{name}-ifr1"), with_ifr_v1(rom.clone()));
        seeds.add("vbios", format!("{name}-ifr3"), with_ifr_v3(rom.clone()));
        seeds.add("vbios", name, rom);
    }
}
