# SPDX-License-Identifier: GPL-2.0
# No memory was left behind, by this round or by anything that the card went through before. What is younger
# than 5 s is not looked at. The first scan takes sums of what it finds without a pointer; what the second
# finds unchanged, is lost.
leaks=/sys/kernel/debug/kmemleak
echo "$bdf" >$pci_driver/unbind
echo "$bdf" >$pci_driver/bind
rmmod nova_drm nova_core
sleep 6
echo scan >$leaks
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ] || fail "memory was left behind"
