# SPDX-License-Identifier: GPL-2.0
# GETPARAM 1 is the length of the video memory BAR, as the PCI core sees it.
wanted=$(vram_bar_length)
[ "$wanted" -gt 0 ] || fail "no video memory BAR below $device"
for prefix in card renderD; do
	same "$prefix" "$(drm-probe getparam "$(node_of "$device" $prefix)" 1)" "$wanted"
done
fact vram_bar_bytes "$wanted"
