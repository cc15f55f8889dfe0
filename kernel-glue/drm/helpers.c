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
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

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

/* Buffers */

size_t kernel_glue_pages_of_machine(void);
size_t kernel_glue_pages_of_machine(void)
{
	return totalram_pages();
}

void kernel_glue_drm_gem_get(struct drm_gem_object *gem);
void kernel_glue_drm_gem_get(struct drm_gem_object *gem)
{
	drm_gem_object_get(gem);
}

void kernel_glue_drm_gem_put(struct drm_gem_object *gem);
void kernel_glue_drm_gem_put(struct drm_gem_object *gem)
{
	drm_gem_object_put(gem);
}

void kernel_glue_drm_gem_print_info(struct drm_printer *printer, unsigned int indent,
				    const struct drm_gem_object *gem);
void kernel_glue_drm_gem_print_info(struct drm_printer *printer, unsigned int indent,
				    const struct drm_gem_object *gem)
{
	drm_gem_shmem_object_print_info(printer, indent, gem);
}

int kernel_glue_drm_gem_pin(struct drm_gem_object *gem);
int kernel_glue_drm_gem_pin(struct drm_gem_object *gem)
{
	return drm_gem_shmem_object_pin(gem);
}

void kernel_glue_drm_gem_unpin(struct drm_gem_object *gem);
void kernel_glue_drm_gem_unpin(struct drm_gem_object *gem)
{
	drm_gem_shmem_object_unpin(gem);
}

struct sg_table *kernel_glue_drm_gem_get_sg_table(struct drm_gem_object *gem);
struct sg_table *kernel_glue_drm_gem_get_sg_table(struct drm_gem_object *gem)
{
	return drm_gem_shmem_object_get_sg_table(gem);
}

int kernel_glue_drm_gem_vmap(struct drm_gem_object *gem, struct iosys_map *map);
int kernel_glue_drm_gem_vmap(struct drm_gem_object *gem, struct iosys_map *map)
{
	return drm_gem_shmem_object_vmap(gem, map);
}

void kernel_glue_drm_gem_vunmap(struct drm_gem_object *gem, struct iosys_map *map);
void kernel_glue_drm_gem_vunmap(struct drm_gem_object *gem, struct iosys_map *map)
{
	drm_gem_shmem_object_vunmap(gem, map);
}

/* Accounting; called with a spinlock held. Pages stay in the shmem file when nobody maps them. */

size_t kernel_glue_drm_gem_rss(struct drm_gem_object *gem);
size_t kernel_glue_drm_gem_rss(struct drm_gem_object *gem)
{
	/* An imported buffer is where its own driver has it, as a whole. */
	return gem->filp ? READ_ONCE(gem->filp->f_mapping->nrpages) << PAGE_SHIFT : gem->size;
}

enum drm_gem_object_status kernel_glue_drm_gem_status(struct drm_gem_object *gem);
enum drm_gem_object_status kernel_glue_drm_gem_status(struct drm_gem_object *gem)
{
	/* Said of all objects, so that there is a line of it even where nothing is resident yet. */
	return DRM_GEM_OBJECT_RESIDENT;
}

/* Mappings */

void kernel_glue_drm_gem_vm_open(struct vm_area_struct *vma);
void kernel_glue_drm_gem_vm_open(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.open(vma);
}

void kernel_glue_drm_gem_vm_close(struct vm_area_struct *vma);
void kernel_glue_drm_gem_vm_close(struct vm_area_struct *vma)
{
	drm_gem_shmem_vm_ops.close(vma);
}

void kernel_glue_drm_gem_mark_dirty(struct drm_gem_object *gem);
void kernel_glue_drm_gem_mark_dirty(struct drm_gem_object *gem)
{
	/* An imported buffer is mapped by its own driver. */
	if (drm_gem_is_imported(gem))
		return;

	/* Lasts until the pages are put, which the new mapping prevents. */
	dma_resv_lock(gem->resv, NULL);
	to_drm_gem_shmem_obj(gem)->pages_mark_dirty_on_put = true;
	dma_resv_unlock(gem->resv);
}

vm_fault_t kernel_glue_drm_insert_page(struct vm_area_struct *vma, unsigned long address,
				       struct page *page);
vm_fault_t kernel_glue_drm_insert_page(struct vm_area_struct *vma, unsigned long address,
				       struct page *page)
{
	return vmf_insert_pfn(vma, address, page_to_pfn(page));
}
