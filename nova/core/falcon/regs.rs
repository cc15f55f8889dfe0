// SPDX-License-Identifier: GPL-2.0

//! Registers of a falcon. Each falcon has them at a base of its own.
//!
//! The names are those of NVIDIA's headers, with `NV_PFALCON` for what those call `NV_PGSP` or `NV_PSEC`.

use kernel::io::register;

/// Base of the falcon's own registers.
pub(crate) struct PFalcon;

/// Base of the boot ROM's registers and those of the RISC-V core.
pub(crate) struct PFalcon2;

// The falcon itself.
register! {
    /// First of two registers for exchanging numbers with the program.
    pub(super) NV_PFALCON_FALCON_MAILBOX0(u32) @ PFalcon + 0x00000040 {
        31:0 data;
    }

    /// The second.
    pub(super) NV_PFALCON_FALCON_MAILBOX1(u32) @ PFalcon + 0x00000044 {
        31:0 data;
    }

    /// Version of the program, for others to read.
    pub(super) NV_PFALCON_FALCON_OS(u32) @ PFalcon + 0x00000080 {
        31:0 version;
    }

    /// Which chip the falcon is on, for its program to read.
    pub(super) NV_PFALCON_FALCON_RM(u32) @ PFalcon + 0x00000084 {
        /// As in `NV_PMC_BOOT_0`.
        31:0 boot0;
    }

    /// What the falcon has and does.
    pub(super) NV_PFALCON_FALCON_HWCFG2(u32) @ PFalcon + 0x000000f4 {
        /// The falcon may be reset. Not set by all chips, and never by some.
        31:31 reset_ready => bool;
        /// A reset is still clearing the memories. From GA102 on.
        12:12 mem_scrubbing => bool;
    }

    /// Starting and stopping.
    pub(super) NV_PFALCON_FALCON_CPUCTL(u32) @ PFalcon + 0x00000100 {
        /// Only the alias can be written.
        6:6 alias_en => bool;
        /// The program has ended.
        4:4 halted => bool;
        /// Starts the program.
        1:1 startcpu => bool;
    }

    /// Where the program starts: a virtual address.
    pub(super) NV_PFALCON_FALCON_BOOTVEC(u32) @ PFalcon + 0x00000104 {
        31:0 vec;
    }

    /// What DMA needs; also what a reset is doing, before GA102.
    pub(super) NV_PFALCON_FALCON_DMACTL(u32) @ PFalcon + 0x0000010c {
        /// A reset is still clearing IMEM.
        2:2 imem_scrubbing => bool;
        /// A reset is still clearing DMEM.
        1:1 dmem_scrubbing => bool;
        /// Transfers wait for a context.
        0:0 require_ctx => bool;
    }

    /// Alias of `CPUCTL` for starting, if that cannot be written.
    pub(super) NV_PFALCON_FALCON_CPUCTL_ALIAS(u32) @ PFalcon + 0x00000130 {
        1:1 startcpu => bool;
    }

    /// The engine's reset.
    pub(super) NV_PFALCON_FALCON_ENGINE(u32) @ PFalcon + 0x000003c0 {
        0:0 reset => bool;
    }
}

// Its DMA.
register! {
    /// Bits 39:8 of the address that transfers count from.
    pub(super) NV_PFALCON_FALCON_DMATRFBASE(u32) @ PFalcon + 0x00000110 {
        31:0 base;
    }

    /// Byte offset in the falcon's memory.
    pub(super) NV_PFALCON_FALCON_DMATRFMOFFS(u32) @ PFalcon + 0x00000114 {
        23:0 offs;
    }

    /// Orders a transfer; also how the ones before it are doing.
    pub(super) NV_PFALCON_FALCON_DMATRFCMD(u32) @ PFalcon + 0x00000118 {
        /// Which of the apertures is used.
        14:12 ctxdma;
        /// Four bytes shifted by this.
        10:8 size;
        /// To IMEM and not to DMEM.
        4:4 imem => bool;
        /// 1 marks the block of IMEM as secure.
        3:2 sec;
        /// Nothing is queued or under way.
        1:1 idle => bool;
        /// Nothing more can be queued.
        0:0 full => bool;
    }

    /// Byte offset from the base; for IMEM also the virtual address.
    pub(super) NV_PFALCON_FALCON_DMATRFFBOFFS(u32) @ PFalcon + 0x0000011c {
        31:0 offs;
    }

    /// Bits 48:40 of the address that transfers count from.
    pub(super) NV_PFALCON_FALCON_DMATRFBASE1(u32) @ PFalcon + 0x00000128 {
        8:0 base;
    }

    /// Eight apertures, each a way from the falcon to memory.
    pub(super) NV_PFALCON_FBIF_TRANSCFG(u32)[8] @ PFalcon + 0x00000600 {
        /// 1 for physical addresses.
        2:2 mem_type;
        /// 0 for video memory, 1 for coherent system memory.
        1:0 target;
    }

    /// What the apertures allow.
    pub(super) NV_PFALCON_FBIF_CTL(u32) @ PFalcon + 0x00000624 {
        /// Physical addresses, though no context is bound.
        7:7 allow_phys_no_ctx => bool;
    }
}

// Writing its memories.
register! {
    /// Where in IMEM the next word goes.
    pub(super) NV_PFALCON_FALCON_IMEMC(u32) @ PFalcon + 0x00000180 {
        /// The block is marked as secure.
        28:28 secure => bool;
        /// Each write moves on to the next word.
        24:24 aincw => bool;
        /// Byte offset; a multiple of 4.
        15:0 offset;
    }

    /// A word for IMEM.
    pub(super) NV_PFALCON_FALCON_IMEMD(u32) @ PFalcon + 0x00000184 {
        31:0 data;
    }

    /// Tag of the block that the next words are for.
    pub(super) NV_PFALCON_FALCON_IMEMT(u32) @ PFalcon + 0x00000188 {
        15:0 tag;
    }

    /// Where in DMEM the next word goes.
    pub(super) NV_PFALCON_FALCON_DMEMC(u32) @ PFalcon + 0x000001c0 {
        /// Each write moves on to the next word.
        24:24 aincw => bool;
        /// Byte offset; a multiple of 4.
        15:0 offset;
    }

    /// A word for DMEM.
    pub(super) NV_PFALCON_FALCON_DMEMD(u32) @ PFalcon + 0x000001c4 {
        31:0 data;
    }
}

// The boot ROM, from GA102 on.
register! {
    /// How code is verified: 1 stands for RSA with 3072 bits.
    pub(super) NV_PFALCON2_FALCON_MOD_SEL(u32) @ PFalcon2 + 0x00000180 {
        7:0 algo;
    }

    /// Number of the code among those of the engine.
    pub(super) NV_PFALCON2_FALCON_BROM_CURR_UCODE_ID(u32) @ PFalcon2 + 0x00000198 {
        7:0 ucode_id;
    }

    /// Which engines the code may run on.
    pub(super) NV_PFALCON2_FALCON_BROM_ENGIDMASK(u32) @ PFalcon2 + 0x0000019c {
        31:0 mask;
    }

    /// Where in DMEM the signature is.
    pub(super) NV_PFALCON2_FALCON_BROM_PARAADDR(u32) @ PFalcon2 + 0x00000210 {
        31:0 offset;
    }
}

// The RISC-V core.
register! {
    /// Whether the core runs, before GA102.
    pub(super) NV_PRISCV_RISCV_CORE_SWITCH_RISCV_STATUS(u32) @ PFalcon2 + 0x00000240 {
        0:0 active_stat => bool;
    }

    /// Whether the core runs, from GA102 on.
    pub(super) NV_PRISCV_RISCV_CPUCTL(u32) @ PFalcon2 + 0x00000388 {
        7:7 active_stat => bool;
        4:4 halted => bool;
    }

    /// Which of its two cores the engine uses, from GA102 on.
    pub(super) NV_PRISCV_RISCV_BCR_CTRL(u32) @ PFalcon2 + 0x00000668 {
        /// The core fetches what it runs through its boot ROM.
        8:8 brfetch => bool;
        /// RISC-V and not falcon.
        4:4 core_select => bool;
        /// The choice has taken effect.
        0:0 valid => bool;
    }
}
