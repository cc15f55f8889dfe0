# SPDX-License-Identifier: GPL-2.0
# A card that breaks on the way is refused: the errno goes to whoever asked for it, and nothing is left of it.
if said=$( (echo "$bdf" >$pci_driver/bind) 2>&1); then fail "bound"; fi
fact errno "$(echo "$said" | sed 's/.*: //')"
same "driver of $bdf" "$(driver_of "$device")" none
if masters_the_bus; then fail "a refused card may write to memory"; fi
[ -z "$(node_of "$device" card)" ] || fail "there is a node for a refused card"
[ -z "$(child_of "$device")" ] || fail "there is a child of a refused card"
