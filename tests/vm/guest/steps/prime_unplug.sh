# SPDX-License-Identifier: GPL-2.0
# The card goes away while buffers are shared: what is in our memory cannot be touched any more by those who
# had mapped it, the rest is as before, and everything can be closed.
load_partners
rm -f /tmp/go /tmp/held; mkfifo /tmp/go
drm-probe prime-hold "$(node_of "$device" renderD)" "$(node_of $vgem card)" all </tmp/go >/tmp/held 2>&1 &
client=$!
exec 4>/tmp/go
until_true 5 grep -q ready /tmp/held || fail "the client did not start: $(cat /tmp/held)"
echo "$bdf" >$pci_driver/unbind
same "driver after unbind" "$(driver_of "$device")" none
echo go >&4
exec 4>&-
wait $client || fail "the client failed: $(cat /tmp/held)"
same "what the client saw" "$(cat /tmp/held)" "before kept
ready
ours EFAULT
export EFAULT
vgem's in ours kept
vgem's kept
info ENODEV
import ENODEV
export again ENODEV
vgem's export of ours ok
length ok
closed"
echo "$bdf" >$pci_driver/bind
same "driver after bind" "$(driver_of "$device")" "$driver"
drm-probe prime "$(node_of "$device" renderD)" "$(node_of $vgem card)"
