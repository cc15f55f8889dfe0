// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver in C does: a pointer to registers is loaded from a structure, and then a register.
 */
#include <linux/compiler.h>
#include <linux/io.h>

/* Where the register is that all probes access, and nothing else is. Also in nova_probes.rs. */
#define AT 0x5a4

struct raw {
	void __iomem *registers;
};

u32 probe_raw_read(const struct raw *raw);
void probe_raw_write(const struct raw *raw, u32 value);

notrace u32 probe_raw_read(const struct raw *raw)
{
	return readl(raw->registers + AT);
}

notrace void probe_raw_write(const struct raw *raw, u32 value)
{
	writel(value, raw->registers + AT);
}
