# SPDX-License-Identifier: GPL-2.0
# A card node and a render node hang below the card; an open one says whose it is.
for prefix in card renderD; do
	node=$(node_of "$device" $prefix)
	[ -c "$node" ] || fail "no $prefix node below $bdf"
	exec 4<>"$node"
	info=$(cat /proc/self/fdinfo/4)
	exec 4>&-
	echo "$info" | grep drm-
	same "drm-driver of $node" "$(echo "$info" | awk '/^drm-driver:/{print $2}')" nova-drm
	same "drm-pdev of $node" "$(echo "$info" | awk '/^drm-pdev:/{print $2}')" "$bdf"
	echo "$info" | grep -q "^drm-client-id:" || fail "no drm-client-id"
	fact $prefix "$node"
done
