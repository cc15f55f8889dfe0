# SPDX-License-Identifier: GPL-2.0
# A function-level reset of the idle card works, and the driver binds afterwards.
same "driver of $bdf" "$(driver_of "$device")" none
grep -q flr "$device/reset_method" || fail "no FLR: $(cat "$device/reset_method")"
echo flr >"$device/reset_method"
echo 1 >"$device/reset"
load nova_core
load nova_drm
same "driver of $bdf" "$(driver_of "$device")" "$driver"
