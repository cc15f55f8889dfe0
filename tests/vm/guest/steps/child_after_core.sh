# SPDX-License-Identifier: GPL-2.0
# The child driver may come long after the parent: it finds the waiting child.
load_stock_modules
load nova_core
same "driver of $bdf" "$(driver_of "$device")" "$driver"
same "driver of the child" "$(driver_of "$(child_of "$device")")" none
load nova_drm
[ -c "$(node_of "$device" renderD)" ] || fail "no render node"
