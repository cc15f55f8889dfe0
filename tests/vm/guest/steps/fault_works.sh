# SPDX-License-Identifier: GPL-2.0
# The card comes up, answers user space, and goes.
echo "$bdf" >$pci_driver/bind || fail "refused: $(kernel_log | grep "$bdf" | tail -n 2)"
same "driver of $bdf" "$(driver_of "$device")" "$driver"
# The child is there, but not bound while drivers are not tried by themselves.
child=$(child_of "$device")
[ -n "$child" ] || fail "no auxiliary child below $bdf"
# Something that comes a little later still counts.
sleep "${linger:-0}"
echo "$bdf" >$pci_driver/unbind
same "driver of $bdf" "$(driver_of "$device")" none
