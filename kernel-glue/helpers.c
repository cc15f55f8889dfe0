// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot take from the headers of the kernel, and the kernel crate of 7.2 does not give.
 */

#include <asm/barrier.h>

void kernel_glue_dma_mb(void);
void kernel_glue_dma_rmb(void);
void kernel_glue_dma_wmb(void);

void kernel_glue_dma_mb(void)
{
	dma_mb();
}

void kernel_glue_dma_rmb(void)
{
	dma_rmb();
}

void kernel_glue_dma_wmb(void)
{
	dma_wmb();
}
