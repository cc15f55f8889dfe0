# SPDX-License-Identifier: GPL-2.0
# A card that is broken or not ours stays unbound. Asked for it by name, the driver core returns probe's
# errno to the writer, also where it logs nothing; the harness compares errno and log line.
same "driver of $bdf" "$(driver_of "$device")" none
if said=$( (echo "$bdf" >$pci_driver/bind) 2>&1); then fail "bound at the second try"; fi
fact errno "$(echo "$said" | sed 's/.*: //')"
if masters_the_bus; then fail "a refused card may write to memory"; fi
[ -z "$(node_of "$device" card)" ] || fail "there is a node for a refused card"
[ -z "$(child_of "$device")" ] || fail "there is a child of a refused card"
