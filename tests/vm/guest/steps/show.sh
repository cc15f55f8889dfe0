# SPDX-License-Identifier: GPL-2.0
# What a user of this machine would look at.
load_stock_modules
load nova_core
load nova_drm
timeline=/sys/kernel/debug/nova-core/$bdf/timeline
if [ -e "$timeline" ]; then sed 's/^/timeline: /' "$timeline"; fi
echo "Kernel log:"
kernel_log | grep -E 'nova|drm' | grep -v nova-vm: | sed 's/^/  /' || true
echo
lspci -nnk -s "${bdf#*:}" 2>/dev/null || true
echo
echo "Device nodes:"
ls -1 /dev/dri/* 2>/dev/null | sed 's/^/  /' || true
node=$(node_of "$device" renderD)
[ -c "$node" ] || fail "no render node: see the kernel log above"
echo
echo "$node says:"
drm-probe version "$node" | sed 's/^/  /'
echo "  GETPARAM VRAM_BAR_SIZE: $(drm-probe getparam "$node" 1) bytes"
echo
echo "libdrm says:"
drmdevice 2>&1 | sed 's/^/  /' | head -20
same "driver of $bdf" "$(driver_of "$device")" "$driver"
