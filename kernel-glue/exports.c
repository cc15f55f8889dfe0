// SPDX-License-Identifier: GPL-2.0
/*
 * Exports the Rust symbols of nova_core that nova_drm uses. Rust has no EXPORT_SYMBOL outside the kernel
 * tree, and the C compiler only needs a name: the declarations below are never called or read.
 */

#include <linux/export.h>

#define RUST_EXPORT(sym) extern int sym; EXPORT_SYMBOL_GPL(sym);

#include "exports_generated.h"
