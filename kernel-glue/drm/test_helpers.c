// SPDX-License-Identifier: GPL-2.0
/*
 * What KUnit suites cannot do otherwise: threads of the kernel see no /dev.
 */

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>

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
