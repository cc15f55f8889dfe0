# SPDX-License-Identifier: GPL-2.0
# A client keeps its node open while the driver goes away: every later call says ENODEV, closing works,
# and the card can be bound again.
node=$(node_of "$device" renderD)
rm -f /tmp/go /tmp/held; mkfifo /tmp/go
drm-probe hold "$node" </tmp/go >/tmp/held 2>&1 &
client=$!
exec 4>/tmp/go
until_true 5 grep -q ready /tmp/held || fail "the client did not start: $(cat /tmp/held)"
echo "$bdf" >$pci_driver/unbind
same "driver after unbind" "$(driver_of "$device")" none
[ -z "$(node_of "$device" renderD)" ] || fail "the node is still there"
echo go >&4
exec 4>&-
wait $client || fail "the client failed: $(cat /tmp/held)"
cat /tmp/held
same "what the client saw" "$(cat /tmp/held)" "before ok
ready
getparam ENODEV
version ENODEV
get_cap ENODEV
mmap ENODEV
closed"
echo "$bdf" >$pci_driver/bind
same "driver after bind" "$(driver_of "$device")" "$driver"
[ -c "$(node_of "$device" renderD)" ] || fail "no render node after bind"
