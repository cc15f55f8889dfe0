# SPDX-License-Identifier: GPL-2.0
# Both modules load; the kernel knows that the second uses the first.
load_stock_modules
load nova_core
load nova_drm
[ -e /sys/module/nova_core/holders/nova_drm ] || fail "nova_drm is no holder of nova_core"
