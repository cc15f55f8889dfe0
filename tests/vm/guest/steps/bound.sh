# SPDX-License-Identifier: GPL-2.0
# The card is driven by nova_core, its auxiliary child by nova_drm, and GSP-RM has told who it is.
load_stock_modules
load nova_core
load nova_drm
kernel_log | grep "$bdf" | sed 's/^\[[^]]*\] //' || true
same "driver of $bdf" "$(driver_of "$device")" "$driver"
dmesg | grep -q " $driver $bdf: GSP-RM ready: " || fail "GSP-RM is not ready"
child=$(child_of "$device")
[ -n "$child" ] || fail "no auxiliary child below $bdf"
case $(driver_of "$child") in
nova_drm*) ;;
*) fail "driver of $(basename "$child"): found '$(driver_of "$child")', wanted nova_drm" ;;
esac
fact child "$(basename "$child")"
