// SPDX-License-Identifier: GPL-2.0
/*
 * What KUnit suites need of C: to open files without /dev, which threads of the kernel do not see, and a driver
 * that lets its device at an exported buffer.
 */

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>
#include <linux/anon_inodes.h>
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

MODULE_IMPORT_NS("DMA_BUF");

/* What a file has before it is open: nothing that would be called if opening it fails. */
static const struct file_operations not_open = {
	.fop_flags = FOP_UNSIGNED_OFFSET,
};

/* Opens a file of a minor as its node is opened. */
struct file *kernel_glue_test_open(struct drm_minor *minor);
struct file *kernel_glue_test_open(struct drm_minor *minor)
{
	struct inode *node;
	struct file *file;
	int ret;

	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);
	node->i_rdev = MKDEV(DRM_MAJOR, minor->index);

	file = anon_inode_getfile("kernel-glue-test", &not_open, NULL, O_RDWR);
	if (IS_ERR(file))
		goto out;

	/* Of the node, it looks at the number only. */
	ret = drm_open(node, file);
	if (ret) {
		__fput_sync(file);
		file = ERR_PTR(ret);
		goto out;
	}
	file->f_op = minor->dev->driver->fops;
out:
	kfree(node);
	return file;
}

struct test_mapping {
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
};

struct test_mapping *kernel_glue_test_map(struct dma_buf *dma_buf, struct device *dev);
struct test_mapping *kernel_glue_test_map(struct dma_buf *dma_buf, struct device *dev)
{
	struct test_mapping *mapping;
	void *err;

	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);

	mapping->attachment = dma_buf_attach(dma_buf, dev);
	if (IS_ERR(mapping->attachment)) {
		err = mapping->attachment;
		goto free;
	}
	mapping->table = dma_buf_map_attachment_unlocked(mapping->attachment, DMA_BIDIRECTIONAL);
	if (IS_ERR(mapping->table)) {
		err = mapping->table;
		goto detach;
	}
	get_dma_buf(dma_buf);
	return mapping;

detach:
	dma_buf_detach(dma_buf, mapping->attachment);
free:
	kfree(mapping);
	return err;
}

size_t kernel_glue_test_mapped(const struct test_mapping *mapping);
size_t kernel_glue_test_mapped(const struct test_mapping *mapping)
{
	struct scatterlist *part;
	size_t bytes = 0;
	int i;

	for_each_sgtable_dma_sg(mapping->table, part, i)
		bytes += sg_dma_len(part);
	return bytes;
}

void kernel_glue_test_unmap(struct test_mapping *mapping);
void kernel_glue_test_unmap(struct test_mapping *mapping)
{
	struct dma_buf *dma_buf = mapping->attachment->dmabuf;

	dma_buf_unmap_attachment_unlocked(mapping->attachment, mapping->table, DMA_BIDIRECTIONAL);
	dma_buf_detach(dma_buf, mapping->attachment);
	dma_buf_put(dma_buf);
	kfree(mapping);
}
