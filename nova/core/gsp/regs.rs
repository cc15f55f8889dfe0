// SPDX-License-Identifier: GPL-2.0

//! Registers of the GSP that matter while GSP-RM runs, and those of the interrupt tree.
//!
//! Source: open-gpu-doc (`dev_falcon_v4.h`, `dev_gsp.h`, `dev_vm.h`), open-gpu-kernel-modules.

use kernel::io::register;

register! {
    /// Writing 0 to the first one tells the GSP that commands have been written.
    pub(super) NV_PGSP_QUEUE_HEAD(u32)[8, stride = 8] @ 0x00110c00 {
        31:0 address;
    }

    /// Clears interrupts of the GSP's falcon: writing 1 clears, 0 leaves.
    pub(super) NV_PGSP_FALCON_IRQSCLR(u32) @ 0x00110004 {
        /// "The status queue has changed".
        6:6 swgen0 => bool;
        31:0 raw;
    }

    /// Interrupts of the GSP's falcon that are pending.
    pub(super) NV_PGSP_FALCON_IRQSTAT(u32) @ 0x00110008 {
        /// "The status queue has changed".
        6:6 swgen0 => bool;
        /// The core has halted, which it does not do by itself while all is well.
        4:4 halt => bool;
        31:0 raw;
    }

    /// Masks interrupts of the GSP's falcon: writing 1 masks, 0 leaves.
    pub(super) NV_PGSP_FALCON_IRQMCLR(u32) @ 0x00110014 {
        31:0 raw;
    }

    /// The GSP's first mailbox, in which GSP-RM says that it has stopped.
    pub(super) NV_PGSP_FALCON_MAILBOX0(u32) @ 0x00110040 {
        31:0 value;
    }

    /// Makes the falcon interrupt again if something is pending.
    pub(super) NV_PGSP_FALCON_INTR_RETRIGGER(u32) @ 0x001103e8 {
        0:0 trigger => bool;
    }

    /// Interrupts that the RISC-V core lets through to the CPU, on Turing and GA100.
    pub(super) NV_PGSP_RISCV_IRQMASK_TU102(u32) @ 0x001112b4 {
        31:0 raw;
    }

    /// Interrupts that the RISC-V core lets through to the CPU, from GA102 on.
    pub(super) NV_PGSP_RISCV_IRQMASK_GA102(u32) @ 0x00111528 {
        31:0 raw;
    }

    /// In the mirror of the PCI configuration space, on chips before Hopper: any write asks for the next
    /// message-signalled interrupt.
    pub(super) NV_XVE_CYA_2(u32) @ 0x00088704 {
        31:0 raw;
    }

    /// Vectors that are pending: writing 1 clears, 0 leaves.
    pub(super) NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF(u32)[16] @ 0x00b81000 {
        31:0 vectors;
    }

    /// Vectors that may interrupt: writing 1 lets them, 0 leaves.
    pub(super) NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_SET(u32)[16] @ 0x00b81200 {
        31:0 vectors;
    }

    /// The same vectors: writing 1 forbids them, 0 leaves.
    pub(super) NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_CLEAR(u32)[16] @ 0x00b81400 {
        31:0 vectors;
    }

    /// Subtrees that may interrupt: writing 1 lets them, 0 leaves.
    pub(super) NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_SET(u32) @ 0x00b81608 {
        31:0 subtrees;
    }

    /// The same subtrees: writing 1 forbids them, 0 leaves.
    pub(super) NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_CLEAR(u32) @ 0x00b81610 {
        31:0 subtrees;
    }
}
