# SPDX-License-Identifier: GPL-2.0
# Unbind and bind, many times; nothing wears out.
read -r before _ </proc/uptime
count=0
while [ $count -lt "$times" ]; do
	echo "$bdf" >$pci_driver/unbind
	echo "$bdf" >$pci_driver/bind || fail "bind $count was refused"
	count=$((count + 1))
done
read -r after _ </proc/uptime
same "driver" "$(driver_of "$device")" "$driver"
[ -c "$(node_of "$device" renderD)" ] || fail "no render node"
fact seconds_each "$(awk "BEGIN{printf \"%.3f\", ($after - $before) / $times}")"
