# SPDX-License-Identifier: GPL-2.0
# Many clients map and use objects while the card goes away under them. When the last has gone, so has their memory.
pages_in_use() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_shmem /{print $2}' /proc/vmstat
}
node=$(node_of "$device" renderD)
: >/tmp/ktap
before=$(pages_in_use)
many-clients gone "$node" "$clients" >/tmp/ktap 2>&1 &
client=$!
until_true 60 grep -q '^# ready' /tmp/ktap || fail "the clients did not start: $(cat /tmp/ktap)"
fact pages_in_use $(($(pages_in_use) - before))
usleep 300000
echo "$bdf" >$pci_driver/unbind
same "driver after unbind" "$(driver_of "$device")" none
status=0
wait $client || status=$?
ktap_result $status
# A few pages are the clients' own words.
left=$(($(pages_in_use) - before))
[ $left -le 8 ] || fail "$left pages are still in use"
echo "$bdf" >$pci_driver/bind
same "driver after bind" "$(driver_of "$device")" "$driver"
