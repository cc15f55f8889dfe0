# SPDX-License-Identifier: GPL-2.0
# nova_core is in use while nova_drm is loaded.
if rmmod nova_core; then fail "nova_core was removed under nova_drm"; fi
same "driver of $bdf" "$(driver_of "$device")" "$driver"
