# SPDX-License-Identifier: GPL-2.0
# Programs we did not write see the card.
found=$(drmdevice 2>&1)
echo "$found"
echo "$found" | grep -q "$(node_of "$device" renderD)" || fail "libdrm does not list the render node"
lspci -nnk -s "${bdf#*:}" 2>/dev/null | tee /tmp/lspci
grep -q "Kernel driver in use: $driver" /tmp/lspci || fail "lspci does not name the driver"
# drm_info describes displays; of a card without any it must learn so in good order.
if ! found=$(drm_info "$(node_of "$device" card)" 2>&1); then
	same "drm_info" "$found" "drmModeGetResources: Operation not supported"
fi
