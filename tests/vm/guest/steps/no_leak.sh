# SPDX-License-Identifier: GPL-2.0
# No memory was left behind, by this round or by anything that the card went through before. The first
# scan may see pointers in flight; what the second sees, is lost.
leaks=/sys/kernel/debug/kmemleak
echo "$bdf" >$pci_driver/unbind
echo "$bdf" >$pci_driver/bind
rmmod nova_drm nova_core
sleep 6
echo scan >$leaks
sleep 6
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ] || fail "memory was left behind"
