// SPDX-License-Identifier: GPL-2.0
/*
 * Inline functions of fences and syncobjs, for Rust.
 */

#include <drm/drm_syncobj.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-fence.h>
#include <linux/module.h>

void kernel_glue_fence_get(struct dma_fence *fence);
void kernel_glue_fence_get(struct dma_fence *fence)
{
	dma_fence_get(fence);
}

void kernel_glue_fence_put(struct dma_fence *fence);
void kernel_glue_fence_put(struct dma_fence *fence)
{
	dma_fence_put(fence);
}

bool kernel_glue_fence_begin(struct dma_fence *fence, const struct dma_fence_ops *ops,
			     struct module *owner, u64 context, u64 seqno);
bool kernel_glue_fence_begin(struct dma_fence *fence, const struct dma_fence_ops *ops,
			     struct module *owner, u64 context, u64 seqno)
{
	if (!try_module_get(owner))
		return false;
	/* Without a lock it has one of its own. */
	dma_fence_init64(fence, ops, NULL, context, seqno);
	return true;
}

void kernel_glue_fence_end(struct dma_fence *fence, struct module *owner, int error);
void kernel_glue_fence_end(struct dma_fence *fence, struct module *owner, int error)
{
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
	module_put(owner);
}

/* Takes the chain; not, if the fence is itself of a timeline. */
bool kernel_glue_syncobj_add_point(struct drm_syncobj *syncobj, struct dma_fence_chain *chain,
				   struct dma_fence *fence, u64 point);
bool kernel_glue_syncobj_add_point(struct drm_syncobj *syncobj, struct dma_fence_chain *chain,
				   struct dma_fence *fence, u64 point)
{
	if (dma_fence_is_chain(fence))
		return false;
	drm_syncobj_add_point(syncobj, chain, fence, point);
	return true;
}

struct dma_fence_chain *kernel_glue_chain_alloc(void);
struct dma_fence_chain *kernel_glue_chain_alloc(void)
{
	return dma_fence_chain_alloc();
}

void kernel_glue_chain_free(struct dma_fence_chain *chain);
void kernel_glue_chain_free(struct dma_fence_chain *chain)
{
	dma_fence_chain_free(chain);
}

void kernel_glue_syncobj_get(struct drm_syncobj *syncobj);
void kernel_glue_syncobj_get(struct drm_syncobj *syncobj)
{
	drm_syncobj_get(syncobj);
}

void kernel_glue_syncobj_put(struct drm_syncobj *syncobj);
void kernel_glue_syncobj_put(struct drm_syncobj *syncobj)
{
	drm_syncobj_put(syncobj);
}

struct dma_fence *kernel_glue_syncobj_fence(struct drm_syncobj *syncobj);
struct dma_fence *kernel_glue_syncobj_fence(struct drm_syncobj *syncobj)
{
	return drm_syncobj_fence_get(syncobj);
}
