# SPDX-License-Identifier: GPL-2.0
# nouveau drives the card through GSP-RM, and user space has its nodes.
same "driver of $bdf" "$(driver_of "$device")" "$oracle"
dmesg | grep -q "$bdf: gsp: RM version: 570\.144" || fail "it does not say that GSP-RM runs"
for prefix in card renderD; do
	node=$(node_of "$device" $prefix)
	[ -c "$node" ] || fail "no $prefix node below $bdf"
	fact $prefix "$node"
done
