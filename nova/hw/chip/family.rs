// SPDX-License-Identifier: GPL-2.0

//! What a group of chips has in common: the columns of the chip table.

use super::{
    Architecture,
    BootMethod, //
};
use crate::{
    fb::VramSizeSource,
    sysmem_flush::SysmemFlush, //
};
use nova_firmware::{
    booter::LoadMethod,
    fmc::Scheme, //
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Everything that chips of one family share.
///
/// All sizes are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Short name for logs and tests: `ga10x`.
    pub name: &'static str,
    /// The generation it belongs to.
    pub architecture: Architecture,
    /// How GSP-RM is started, and the numbers only that way needs.
    pub boot: Boot,
    /// How many bits of a DMA address the chip can send.
    pub dma_mask_bits: u32,
    /// Whether the GPU's own boot firmware must be waited for before anything else.
    pub uses_gfw_boot: bool,
    /// How the address of the sysmem flush page is written.
    pub sysmem_flush: SysmemFlush,
    /// Which register tells the amount of video memory.
    pub vram_size: VramSizeSource,
    /// Which falcon register layout and loading method its engines have.
    pub falcon: FalconGeneration,
    /// Where BAR0 repeats the PCI configuration space.
    pub config_mirror: ConfigMirror,
    /// Region that FWSEC or FSP sets aside for firmware tables; 0 if there is none.
    pub frts_size: u64,
    /// GSP-RM heap outside the protected region.
    pub non_wpr_heap_size: u64,
    /// Video memory the power-management unit keeps, at the top.
    pub pmu_reserved_size: u64,
    /// Which operating system GSP-RM is built on.
    pub libos: Libos,
    /// Part of the GSP-RM heap that does not depend on video memory or clients.
    pub base_heap_size: u64,
    /// Name of the section of the GSP image that holds this family's signature.
    ///
    /// To be compared as a whole: other sections end in the same letters.
    pub gsp_signature_section: &'static str,
    /// Whether the RISC-V core can be asked if it has halted.
    pub riscv_halt_readable: bool,
    /// Whether the chip may run in vGPU mode, so that the question is worth asking.
    pub may_be_vgpu_host: bool,
}

/// How GSP-RM is started.
#[derive(Clone, Copy, Debug)]
pub enum Boot {
    /// By FWSEC and Booter on the SEC2 falcon.
    Sec2(Sec2Boot),
    /// By FSP, which is given the FMC image.
    Fsp(FspBoot),
}

/// What only chips booted through SEC2 need.
#[derive(Clone, Copy, Debug)]
pub struct Sec2Boot {
    /// How heavy-secure images are put into a falcon.
    pub load: LoadMethod,
    /// Whether FWSEC is started by the generic falcon bootloader.
    pub fwsec_through_generic_bootloader: bool,
    /// Whether FWSEC is run to create the FRTS region. If not, Booter creates WPR2 from nothing.
    pub runs_fwsec_frts: bool,
    /// Whether the VBIOS may lock the top of video memory for the row remapper.
    pub has_row_remapper_lock: bool,
    /// Where to learn whether there is a display.
    pub display: DisplaySource,
}

/// What only chips booted through FSP need.
#[derive(Clone, Copy, Debug)]
pub struct FspBoot {
    /// Which register tells that FSP has finished its own boot.
    pub status: FspStatusRegister,
    /// Version of the chain-of-trust message.
    pub cot_version: u16,
    /// Memory kept free between FRTS and the end of video memory, before the PMU's part.
    pub fb_end_reserve: u64,
    /// How the FMC image is signed.
    pub fmc_scheme: Scheme,
}

/// Which of the two registers holds FSP's boot status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FspStatusRegister {
    /// The one Hopper introduced.
    Gh100,
    /// The one GB20x moved it to.
    Gb202,
}

/// Where to learn whether the chip has a display engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisplaySource {
    /// The display fuse where Turing has it.
    FuseTu102,
    /// The display fuse where Ampere and Ada have it.
    FuseGa100,
    /// The chip is built without one; no register need be read.
    Never,
}

/// Generation of the falcon microcontrollers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FalconGeneration {
    /// Turing and GA100.
    Tu102,
    /// GA102 and later.
    Ga102,
}

/// The operating system under GSP-RM, which decides how its heap is sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libos {
    /// Turing and GA100.
    V2,
    /// GA102 and later.
    V3,
}

/// Window of BAR0 in which the PCI configuration space can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigMirror {
    /// Offset in BAR0.
    pub base: u32,
    /// Length in bytes.
    pub size: u32,
}

impl Family {
    /// Which of the two ways starts GSP-RM.
    pub const fn boot_method(&self) -> BootMethod {
        match self.boot {
            Boot::Sec2(_) => BootMethod::Sec2,
            Boot::Fsp(_) => BootMethod::Fsp,
        }
    }

    /// What SEC2 boot needs, if that is how these chips are booted.
    pub const fn sec2(&self) -> Option<&Sec2Boot> {
        match &self.boot {
            Boot::Sec2(sec2) => Some(sec2),
            Boot::Fsp(_) => None,
        }
    }

    /// What FSP boot needs, if that is how these chips are booted.
    pub const fn fsp(&self) -> Option<&FspBoot> {
        match &self.boot {
            Boot::Sec2(_) => None,
            Boot::Fsp(fsp) => Some(fsp),
        }
    }
}

/// Backing store, surfaces and miscellany of the PMU, rounded up to 128 KiB. Specific to GSP-RM r570.
const BLACKWELL_PMU_RESERVED: u64 = 0x182_0000;
const _: () =
    assert!(BLACKWELL_PMU_RESERVED == (8 * MIB + 16 * MIB + 4 * KIB).next_multiple_of(128 * KIB));

const MIRROR_TU102: ConfigMirror = ConfigMirror {
    base: 0x08_8000,
    size: 0x1000,
};
const MIRROR_GH100: ConfigMirror = ConfigMirror {
    base: 0x09_2000,
    size: 0x1000,
};

const SEC2_TU102: Sec2Boot = Sec2Boot {
    load: LoadMethod::Pio,
    fwsec_through_generic_bootloader: true,
    runs_fwsec_frts: true,
    has_row_remapper_lock: false,
    display: DisplaySource::FuseTu102,
};

const FSP_GB100: FspBoot = FspBoot {
    status: FspStatusRegister::Gh100,
    cot_version: 2,
    fb_end_reserve: 0x22_0000,
    fmc_scheme: Scheme::EcdsaP384,
};

pub(super) const TU10X: Family = Family {
    name: "tu10x",
    architecture: Architecture::Turing,
    boot: Boot::Sec2(SEC2_TU102),
    dma_mask_bits: 47,
    uses_gfw_boot: true,
    sysmem_flush: SysmemFlush::Niso,
    vram_size: VramSizeSource::LocalMemoryRange,
    falcon: FalconGeneration::Tu102,
    config_mirror: MIRROR_TU102,
    frts_size: MIB,
    non_wpr_heap_size: MIB,
    pmu_reserved_size: 0,
    libos: Libos::V2,
    base_heap_size: 8 * MIB,
    gsp_signature_section: ".fwsignature_tu10x",
    riscv_halt_readable: false,
    may_be_vgpu_host: false,
};

pub(super) const TU11X: Family = Family {
    name: "tu11x",
    gsp_signature_section: ".fwsignature_tu11x",
    ..TU10X
};

pub(super) const GA100: Family = Family {
    name: "ga100",
    architecture: Architecture::Ampere,
    boot: Boot::Sec2(Sec2Boot {
        runs_fwsec_frts: false,
        has_row_remapper_lock: true,
        display: DisplaySource::Never,
        ..SEC2_TU102
    }),
    sysmem_flush: SysmemFlush::NisoWide,
    frts_size: 0,
    gsp_signature_section: ".fwsignature_ga100",
    ..TU10X
};

pub(super) const GA10X: Family = Family {
    name: "ga10x",
    architecture: Architecture::Ampere,
    boot: Boot::Sec2(Sec2Boot {
        load: LoadMethod::Dma,
        fwsec_through_generic_bootloader: false,
        display: DisplaySource::FuseGa100,
        ..SEC2_TU102
    }),
    sysmem_flush: SysmemFlush::NisoWide,
    vram_size: VramSizeSource::UsableMebibytes,
    falcon: FalconGeneration::Ga102,
    libos: Libos::V3,
    gsp_signature_section: ".fwsignature_ga10x",
    riscv_halt_readable: true,
    ..TU10X
};

pub(super) const AD10X: Family = Family {
    name: "ad10x",
    architecture: Architecture::Ada,
    gsp_signature_section: ".fwsignature_ad10x",
    ..GA10X
};

pub(super) const GH100: Family = Family {
    name: "gh100",
    architecture: Architecture::Hopper,
    boot: Boot::Fsp(FspBoot {
        status: FspStatusRegister::Gh100,
        cot_version: 1,
        fb_end_reserve: 0x20_0000,
        fmc_scheme: Scheme::Rsa3072,
    }),
    dma_mask_bits: 52,
    uses_gfw_boot: false,
    sysmem_flush: SysmemFlush::Fbhub,
    config_mirror: MIRROR_GH100,
    non_wpr_heap_size: 2 * MIB,
    base_heap_size: 14 * MIB,
    gsp_signature_section: ".fwsignature_gh100",
    ..GA10X
};

pub(super) const GB10X: Family = Family {
    name: "gb10x",
    architecture: Architecture::BlackwellGb10x,
    boot: Boot::Fsp(FSP_GB100),
    sysmem_flush: SysmemFlush::Hshub,
    pmu_reserved_size: BLACKWELL_PMU_RESERVED,
    gsp_signature_section: ".fwsignature_gb10x",
    ..GH100
};

pub(super) const GB20X: Family = Family {
    name: "gb20x",
    architecture: Architecture::BlackwellGb20x,
    boot: Boot::Fsp(FspBoot {
        status: FspStatusRegister::Gb202,
        ..FSP_GB100
    }),
    sysmem_flush: SysmemFlush::Fbhub0,
    non_wpr_heap_size: 2 * MIB + 128 * KIB,
    gsp_signature_section: ".fwsignature_gb20x",
    may_be_vgpu_host: true,
    ..GB10X
};
