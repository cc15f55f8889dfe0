// SPDX-License-Identifier: GPL-2.0
/*
 * Compiles only if nova_drm.h agrees with the header of the kernel, and its additions with uapi.rs.
 *
 * Both headers define the same names, so the kernel's values of macros are kept in enumerators, and the
 * rest is renamed in ours.
 */

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <uapi/drm/nova_drm.h>

enum {
	kernel_vram_bar_size = NOVA_GETPARAM_VRAM_BAR_SIZE,
	kernel_getparam = DRM_NOVA_GETPARAM,
	kernel_gem_create = DRM_NOVA_GEM_CREATE,
	kernel_gem_info = DRM_NOVA_GEM_INFO,
};

#undef NOVA_GETPARAM_VRAM_BAR_SIZE
#undef DRM_NOVA_GETPARAM
#undef DRM_NOVA_GEM_CREATE
#undef DRM_NOVA_GEM_INFO
#define drm_nova_getparam ours_getparam
#define drm_nova_gem_create ours_gem_create
#define drm_nova_gem_info ours_gem_info
#define DRM_IOCTL_NOVA_GETPARAM OURS_GETPARAM
#define DRM_IOCTL_NOVA_GEM_CREATE OURS_GEM_CREATE
#define DRM_IOCTL_NOVA_GEM_INFO OURS_GEM_INFO
#include "nova_drm.h"
#undef drm_nova_getparam
#undef drm_nova_gem_create
#undef drm_nova_gem_info
#undef DRM_IOCTL_NOVA_GETPARAM
#undef DRM_IOCTL_NOVA_GEM_CREATE
#undef DRM_IOCTL_NOVA_GEM_INFO

static_assert(NOVA_GETPARAM_VRAM_BAR_SIZE == kernel_vram_bar_size);
static_assert(DRM_NOVA_GETPARAM == kernel_getparam);
static_assert(DRM_NOVA_GEM_CREATE == kernel_gem_create);
static_assert(DRM_NOVA_GEM_INFO == kernel_gem_info);

#define SAME_FIELD(name, field)								\
	static_assert(offsetof(struct drm_nova_##name, field) ==			\
		      offsetof(struct ours_##name, field));				\
	static_assert(sizeof_field(struct drm_nova_##name, field) ==			\
		      sizeof_field(struct ours_##name, field))

static_assert(sizeof(struct drm_nova_getparam) == sizeof(struct ours_getparam));
SAME_FIELD(getparam, param);
SAME_FIELD(getparam, value);
/* As numbers, because enumerators of two types are compared. */
static_assert((u32)DRM_IOCTL_NOVA_GETPARAM == (u32)OURS_GETPARAM);

static_assert(sizeof(struct drm_nova_gem_create) == sizeof(struct ours_gem_create));
SAME_FIELD(gem_create, handle);
SAME_FIELD(gem_create, pad);
SAME_FIELD(gem_create, size);
static_assert((u32)DRM_IOCTL_NOVA_GEM_CREATE == (u32)OURS_GEM_CREATE);

static_assert(sizeof(struct drm_nova_gem_info) == sizeof(struct ours_gem_info));
SAME_FIELD(gem_info, handle);
SAME_FIELD(gem_info, pad);
SAME_FIELD(gem_info, size);
static_assert((u32)DRM_IOCTL_NOVA_GEM_INFO == (u32)OURS_GEM_INFO);

/* uapi.rs asserts the same numbers of its own. */
static_assert(sizeof(struct drm_nova_gem_mmap_offset) == 16);
static_assert(offsetof(struct drm_nova_gem_mmap_offset, handle) == 0);
static_assert(offsetof(struct drm_nova_gem_mmap_offset, pad) == 4);
static_assert(offsetof(struct drm_nova_gem_mmap_offset, offset) == 8);
static_assert((u32)DRM_IOCTL_NOVA_GEM_MMAP_OFFSET == 0xC0106443);
