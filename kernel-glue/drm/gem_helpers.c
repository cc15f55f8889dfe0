// SPDX-License-Identifier: GPL-2.0
/*
 * What Rust cannot take from the headers of GEM and of its shmem helper, and the memory of buffers.
 *
 * The shmem helper gives each buffer a file when it is made. Most of the time that making a buffer takes is
 * for the file, which is only needed when the buffer is first mapped or used by another driver. So it is made
 * then, under the lock of the buffer's reservation, before the helper looks for it.
 */

#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>

MODULE_IMPORT_NS("DMA_BUF");

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

/* Like drm_gem_shmem_init(), without the file. */
int kernel_glue_drm_gem_init(struct drm_device *dev, struct drm_gem_shmem_object *shmem, size_t size);
int kernel_glue_drm_gem_init(struct drm_device *dev, struct drm_gem_shmem_object *shmem, size_t size)
{
	int ret;

	drm_gem_private_object_init(dev, &shmem->base, size);
	INIT_LIST_HEAD(&shmem->madv_list);

	ret = drm_gem_create_mmap_offset(&shmem->base);
	if (ret)
		drm_gem_object_release(&shmem->base);
	return ret;
}

/* Gives a buffer its file, unless it has one or comes from another driver. */
static int back(struct drm_gem_object *gem)
{
	struct file *file;

	dma_resv_assert_held(gem->resv);
	if (gem->filp || drm_gem_is_imported(gem))
		return 0;

	file = shmem_file_setup("drm mm object", gem->size, mk_vma_flags(VMA_NORESERVE_BIT));
	if (IS_ERR(file))
		return PTR_ERR(file);

	/* As in the shmem helper: pages stay where they are, and too few of them are an error. */
	mapping_set_gfp_mask(file->f_mapping, GFP_HIGHUSER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	/* The accounting looks without the lock. */
	smp_store_release(&gem->filp, file);
	return 0;
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
	return back(gem) ?: drm_gem_shmem_object_pin(gem);
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
	return back(gem) ?: drm_gem_shmem_object_vmap(gem, map);
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
	struct file *file = smp_load_acquire(&gem->filp);

	/* An imported buffer is where its own driver has it, as a whole. */
	if (drm_gem_is_imported(gem))
		return gem->size;
	return file ? READ_ONCE(file->f_mapping->nrpages) << PAGE_SHIFT : 0;
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

int kernel_glue_drm_gem_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma);
int kernel_glue_drm_gem_mmap(struct drm_gem_object *gem, struct vm_area_struct *vma)
{
	struct drm_gem_shmem_object *shmem = to_drm_gem_shmem_obj(gem);
	int ret;

	/*
	 * Such a buffer is mapped by its own driver. The shmem helper would ask gem->dma_buf, which the DRM core
	 * clears when the last handle is closed, perhaps by another thread just now; the attachment knows the
	 * buffer as long as there is the object.
	 */
	if (drm_gem_is_imported(gem)) {
		vma->vm_private_data = NULL;
		vma->vm_ops = NULL;
		ret = dma_buf_mmap(gem->import_attach->dmabuf, vma, 0);
		/* The mapping has its own reference now, to the buffer. */
		if (!ret)
			drm_gem_object_put(gem);
		return ret;
	}

	dma_resv_lock(gem->resv, NULL);
	ret = back(gem);
	dma_resv_unlock(gem->resv);
	if (ret)
		return ret;

	ret = drm_gem_shmem_mmap(shmem, vma);
	if (ret)
		return ret;

	/*
	 * The helper would mark a page as dirty at the first write, which nobody tells us of. This lasts
	 * until the pages are put, which the new mapping prevents.
	 */
	dma_resv_lock(gem->resv, NULL);
	shmem->pages_mark_dirty_on_put = true;
	dma_resv_unlock(gem->resv);
	return 0;
}

vm_fault_t kernel_glue_drm_insert_page(struct vm_area_struct *vma, unsigned long address,
				       struct page *page);
vm_fault_t kernel_glue_drm_insert_page(struct vm_area_struct *vma, unsigned long address,
				       struct page *page)
{
	return vmf_insert_pfn(vma, address, page_to_pfn(page));
}
