# SPDX-License-Identifier: GPL-2.0
# Threads call the driver as fast as they can while it goes away.
node=$(node_of "$device" renderD)
drm-probe stress "$node" 10 >/tmp/stress 2>&1 &
client=$!
until_true 5 grep -q ready /tmp/stress || fail "the client did not start: $(cat /tmp/stress)"
usleep 300000
echo "$bdf" >$pci_driver/unbind
wait $client || fail "$(cat /tmp/stress)"
cat /tmp/stress
grep -q '^gone 4 of 4$' /tmp/stress || fail "not every thread saw the device go"
[ "$(awk '/^answered/{print $2}' /tmp/stress)" -gt 0 ] || fail "no call was answered before"
echo "$bdf" >$pci_driver/bind
same "driver after bind" "$(driver_of "$device")" "$driver"
