// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot take from the headers of the DRM core. Names begin with kernel_glue_, because the
 * helpers of the kernel crate have names of their own where CONFIG_DRM=y.
 */

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_ioctl.h>
#include <linux/fs.h>

/* In the order of STRUCTURES in layout.rs. */
extern const size_t kernel_glue_drm_sizes[];
const size_t kernel_glue_drm_sizes[] = {
	sizeof(struct drm_device),
	sizeof(struct drm_driver),
	sizeof(struct drm_ioctl_desc),
	sizeof(struct file_operations),
};
