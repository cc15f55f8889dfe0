// SPDX-License-Identifier: GPL-2.0

//! Where each generation keeps the address of the sysmem flush page.

use crate::driver::Bar0;
use kernel::io::{
    register,
    Io, //
};
use nova_hw::sysmem_flush::{
    FlushRegister,
    FlushRegs,
    SysmemFlush, //
};

register! {
    /// Turing, Ampere, Ada: bits 39:8 of the address.
    NV_PFB_NISO_FLUSH_SYSMEM_ADDR(u32) @ 0x00100c10 {
        31:0 adr_39_08;
    }

    /// Ampere, Ada: bits 63:40 of the address.
    NV_PFB_NISO_FLUSH_SYSMEM_ADDR_HI(u32) @ 0x00100c40 {
        23:0 adr_63_40;
    }

    /// Hopper: bits 31:0 of the address.
    NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_LO(u32) @ 0x00100a34 {
        31:0 adr;
    }

    /// Hopper: bits 51:32 of the address.
    NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_HI(u32) @ 0x00100a38 {
        19:0 adr;
    }

    /// GB10x: bits 31:0 of the address.
    NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_LO(u32) @ 0x00870e50 {
        31:0 adr;
    }

    /// GB10x: bits 51:32 of the address.
    NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_HI(u32) @ 0x00870e54 {
        19:0 adr;
    }

    /// GB10x: bits 31:0 of the address, for the second path to memory.
    NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_LO(u32) @ 0x008706c0 {
        31:0 adr;
    }

    /// GB10x: bits 51:32 of the address, for the second path to memory.
    NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_HI(u32) @ 0x008706c4 {
        19:0 adr;
    }

    /// GB20x: bits 31:0 of the address.
    NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_LO(u32) @ 0x008a1d58 {
        31:0 adr;
    }

    /// GB20x: bits 51:32 of the address.
    NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_HI(u32) @ 0x008a1d5c {
        19:0 adr;
    }
}

/// Reads the (first) pair of registers.
pub(super) fn read(bar: &Bar0<'_>, set: SysmemFlush) -> FlushRegs {
    match set {
        SysmemFlush::Niso => FlushRegs {
            lo: bar.read(NV_PFB_NISO_FLUSH_SYSMEM_ADDR).into_raw(),
            hi: None,
        },
        SysmemFlush::NisoWide => FlushRegs {
            lo: bar.read(NV_PFB_NISO_FLUSH_SYSMEM_ADDR).into_raw(),
            hi: Some(bar.read(NV_PFB_NISO_FLUSH_SYSMEM_ADDR_HI).into_raw()),
        },
        SysmemFlush::Fbhub => FlushRegs {
            lo: bar.read(NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_LO).into_raw(),
            hi: Some(bar.read(NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_HI).into_raw()),
        },
        SysmemFlush::Hshub => FlushRegs {
            lo: bar.read(NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_LO).into_raw(),
            hi: Some(bar.read(NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_HI).into_raw()),
        },
        SysmemFlush::Fbhub0 => FlushRegs {
            lo: bar.read(NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_LO).into_raw(),
            hi: Some(bar.read(NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_HI).into_raw()),
        },
    }
}

/// Writes one register of the set.
///
/// Which registers a set has, and in which order they are written, [`SysmemFlush::writes`] says.
pub(super) fn write(bar: &Bar0<'_>, set: SysmemFlush, register: FlushRegister, value: u32) {
    use FlushRegister::*;

    macro_rules! put {
        ($register:ident) => {
            bar.write_reg($register::from_raw(value))
        };
    }

    match (set, register) {
        (SysmemFlush::Niso | SysmemFlush::NisoWide, Lo | SecondLo) => {
            put!(NV_PFB_NISO_FLUSH_SYSMEM_ADDR)
        }
        (SysmemFlush::Niso | SysmemFlush::NisoWide, Hi | SecondHi) => {
            put!(NV_PFB_NISO_FLUSH_SYSMEM_ADDR_HI)
        }
        (SysmemFlush::Fbhub, Lo | SecondLo) => put!(NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_LO),
        (SysmemFlush::Fbhub, Hi | SecondHi) => put!(NV_PFB_FBHUB_PCIE_FLUSH_SYSMEM_ADDR_HI),
        (SysmemFlush::Hshub, Lo) => put!(NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_LO),
        (SysmemFlush::Hshub, Hi) => put!(NV_PFB_HSHUB_PCIE_FLUSH_SYSMEM_ADDR_HI),
        (SysmemFlush::Hshub, SecondLo) => put!(NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_LO),
        (SysmemFlush::Hshub, SecondHi) => put!(NV_PFB_HSHUB_EG_PCIE_FLUSH_SYSMEM_ADDR_HI),
        (SysmemFlush::Fbhub0, Lo | SecondLo) => put!(NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_LO),
        (SysmemFlush::Fbhub0, Hi | SecondHi) => put!(NV_PFB_FBHUB0_PCIE_FLUSH_SYSMEM_ADDR_HI),
    }
}
