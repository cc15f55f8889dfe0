# SPDX-License-Identifier: GPL-2.0
# DRM_IOCTL_VERSION on both nodes.
for prefix in card renderD; do
	found=$(drm-probe version "$(node_of "$device" $prefix)")
	echo "$found"
	same "$prefix" "$found" "name nova-drm
desc NVIDIA Graphics and Compute
version 0.0.0"
done
