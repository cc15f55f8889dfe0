# SPDX-License-Identifier: GPL-2.0
# A healthy card in the same machine works all the same.
same "driver of $bdf" "$(driver_of "$device")" "$driver"
[ -c "$(node_of "$device" renderD)" ] || fail "no render node"
drm-probe getparam "$(node_of "$device" renderD)" 1
