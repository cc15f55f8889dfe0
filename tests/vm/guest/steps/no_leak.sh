# SPDX-License-Identifier: GPL-2.0
# No memory was left behind: with a card, by one more round of it or by anything that it went through before;
# without, by anything that was loaded and is not any more. What is younger than 5 s is not looked at. The first
# scan takes sums of what it finds without a pointer; what the second finds unchanged, is lost.
leaks=/sys/kernel/debug/kmemleak
if [ -n "${bdf:-}" ]; then
	echo "$bdf" >$pci_driver/unbind
	echo "$bdf" >$pci_driver/bind
	rmmod nova_drm nova_core
fi
sleep 6
echo scan >$leaks
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ] || fail "memory was left behind"
