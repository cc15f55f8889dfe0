# SPDX-License-Identifier: GPL-2.0
# Wrong calls are refused with the documented errno, on both nodes.
status=0
for prefix in card renderD; do
	drm-probe errno-table "$(node_of "$device" $prefix)" | sed "s/^/$prefix: /" || status=1
done
[ $status -eq 0 ]
