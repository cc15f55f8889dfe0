// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot take from the headers of the DRM core. Names begin with kernel_glue_, because the
 * helpers of the kernel crate have names of their own where CONFIG_DRM=y.
 */

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>
#include <linux/dma-fence.h>
#include <linux/fs.h>
#include <linux/mm.h>

/* In the order of STRUCTURES in layout.rs. */
extern const size_t kernel_glue_drm_sizes[];
const size_t kernel_glue_drm_sizes[] = {
	sizeof(struct dma_fence),
	sizeof(struct dma_fence_ops),
	sizeof(struct drm_device),
	sizeof(struct drm_driver),
	sizeof(struct drm_ioctl_desc),
	sizeof(struct drm_file),
	sizeof(struct drm_minor),
	sizeof(struct drm_gem_object),
	sizeof(struct drm_gem_object_funcs),
	sizeof(struct drm_gem_shmem_object),
	sizeof(struct file_operations),
	sizeof(struct vm_area_struct),
	sizeof(struct vm_fault),
	sizeof(struct vm_operations_struct),
};

void kernel_glue_drm_print(struct drm_printer *printer, const u8 *text, size_t len);
void kernel_glue_drm_print(struct drm_printer *printer, const u8 *text, size_t len)
{
	drm_printf(printer, "%.*s", (int)len, text);
}
