# SPDX-License-Identifier: GPL-2.0
# What objects cost beside those of vgem, in turns. Of vgem's speed it must have $percent percent: more is wanted,
# and the rest is the noise of machines that do other things as well.
load_partners
drm-probe bench "$(node_of "$device" card)" "$rounds" >/tmp/bench || fail "$(cat /tmp/bench)"
while read -r name value; do fact "$name" "$value"; done </tmp/bench
awk -v least="$percent" '/_ratio/ && $2 * 100 < least {slow = 1; print $1, $2} END {exit slow}' /tmp/bench ||
	fail "slower than vgem"
