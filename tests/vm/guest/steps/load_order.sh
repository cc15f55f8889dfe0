# SPDX-License-Identifier: GPL-2.0
# nova_drm uses symbols of nova_core: without it, it must not load.
load_stock_modules
if insmod /nova/modules/nova_drm.ko; then fail "nova_drm loaded without nova_core"; fi
kernel_log | grep -q 'nova_drm: Unknown symbol' || fail "the kernel did not name the missing symbol"
[ ! -e /sys/module/nova_drm ] || fail "nova_drm is half loaded"
