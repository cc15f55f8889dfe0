# SPDX-License-Identifier: GPL-2.0
# Nobody drives the card, and nothing hangs below it.
same "driver of $bdf" "$(driver_of "$device")" none
[ -z "$(node_of "$device" card)" ] || fail "there is a node"
[ -z "$(child_of "$device")" ] || fail "there is a child"
