// SPDX-License-Identifier: GPL-2.0
/*
 * Inline functions of fences and syncobjs, for Rust.
 */

#include <drm/drm_syncobj.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-fence.h>

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

void kernel_glue_fence_end(struct dma_fence *fence, int error);
void kernel_glue_fence_end(struct dma_fence *fence, int error)
{
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
}

bool kernel_glue_fence_is_chain(struct dma_fence *fence);
bool kernel_glue_fence_is_chain(struct dma_fence *fence)
{
	return dma_fence_is_chain(fence);
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
