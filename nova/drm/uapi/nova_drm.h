/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: The uAPI of nova_drm
 *
 * A superset of the header of the same name in Linux 7.3: whatever is compiled against that one works
 * unchanged. What this driver adds stands behind the mark "Additions", has numbers behind those of
 * Linux, and is refused with EINVAL by a driver that does not have it.
 *
 * Like that of Linux, this interface is not stable yet.
 *
 * Handles are closed, exported, imported and named by the ioctls that all DRM drivers share; see
 * <drm/drm.h>. An argument comes back unchanged from a call that fails.
 */
#ifndef _NOVA_DRM_UAPI_H_
#define _NOVA_DRM_UAPI_H_

#include <drm/drm.h>

#if defined(__cplusplus)
extern "C" {
#endif

/*
 * As in Linux
 */

/**
 * NOVA_GETPARAM_VRAM_BAR_SIZE - length of the window to video memory
 *
 * In bytes; the length of the PCI BAR through which the CPU reaches video memory.
 */
#define NOVA_GETPARAM_VRAM_BAR_SIZE	0x1

/**
 * struct drm_nova_getparam - ask for one property of the GPU
 *
 * Errors: EINVAL if @param is none of the NOVA_GETPARAM_ constants.
 */
struct drm_nova_getparam {
	/** @param: in; which property, one of the NOVA_GETPARAM_ constants. */
	__u64 param;

	/** @value: out; its value. */
	__u64 value;
};

/**
 * struct drm_nova_gem_create - make a buffer in system memory
 *
 * Its contents are zero. It exists until its last handle, mapping and export have gone.
 *
 * Errors: EINVAL if @size is 0 or leaves no room to be rounded up; ENOMEM if there is not enough
 * memory, or @size is more than the machine has; ENOSPC if there is no room left for mappings of it.
 */
struct drm_nova_gem_create {
	/** @handle: out; a handle of the buffer, never 0. */
	__u32 handle;

	/** @pad: in; should be 0, which is not checked. */
	__u32 pad;

	/** @size: in; bytes, rounded up to whole pages. &struct drm_nova_gem_info tells the result. */
	__u64 size;
};

/**
 * struct drm_nova_gem_info - ask for the properties of a buffer
 *
 * Errors: ENOENT if there is no buffer of that handle.
 */
struct drm_nova_gem_info {
	/** @handle: in; a handle of the buffer. */
	__u32 handle;

	/** @pad: in; should be 0, which is not checked. */
	__u32 pad;

	/** @size: out; bytes, a multiple of the size of a page. */
	__u64 size;
};

#define DRM_NOVA_GETPARAM		0x00
#define DRM_NOVA_GEM_CREATE		0x01
#define DRM_NOVA_GEM_INFO		0x02

/*
 * Additions of this driver
 */

/**
 * struct drm_nova_gem_mmap_offset - ask where to map a buffer
 *
 * The buffer is mapped by calling mmap() on the same file with MAP_SHARED and @offset; the mapping may be
 * shorter than the buffer, but begins where the buffer does.
 *
 * Errors: ENOENT if there is no buffer of that handle; EINVAL if @pad is not 0.
 */
struct drm_nova_gem_mmap_offset {
	/** @handle: in; a handle of the buffer. */
	__u32 handle;

	/** @pad: in; must be 0. */
	__u32 pad;

	/** @offset: out; the offset for mmap(). It stands for the buffer and says nothing else. */
	__u64 offset;
};

#define DRM_NOVA_GEM_MMAP_OFFSET	0x03

/*
 * Numbers
 */

enum {
	DRM_IOCTL_NOVA_GETPARAM		= DRM_IOWR(DRM_COMMAND_BASE + DRM_NOVA_GETPARAM,
						   struct drm_nova_getparam),
	DRM_IOCTL_NOVA_GEM_CREATE	= DRM_IOWR(DRM_COMMAND_BASE + DRM_NOVA_GEM_CREATE,
						   struct drm_nova_gem_create),
	DRM_IOCTL_NOVA_GEM_INFO		= DRM_IOWR(DRM_COMMAND_BASE + DRM_NOVA_GEM_INFO,
						   struct drm_nova_gem_info),
	DRM_IOCTL_NOVA_GEM_MMAP_OFFSET	= DRM_IOWR(DRM_COMMAND_BASE + DRM_NOVA_GEM_MMAP_OFFSET,
						   struct drm_nova_gem_mmap_offset),
};

#if defined(__cplusplus)
}
#endif

#endif /* _NOVA_DRM_UAPI_H_ */
