# SPDX-License-Identifier: GPL-2.0
# Both modules unload and leave nothing.
before=$(driver_of "$device")
[ "$before" = none ] || masters_the_bus || fail "a bound card cannot write to memory"
rmmod nova_drm
same "driver of $bdf" "$(driver_of "$device")" "$before"
[ -z "$(node_of "$device" card)" ] || fail "a node outlived its driver"
rmmod nova_core
same "driver of $bdf" "$(driver_of "$device")" none
[ -z "$(child_of "$device")" ] || fail "the auxiliary child is still there"
if masters_the_bus; then fail "the card may still write to memory"; fi
[ ! -e /sys/kernel/debug/nova-core ] || fail "debugfs files are still there"
