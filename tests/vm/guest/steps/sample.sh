# SPDX-License-Identifier: GPL-2.0
# A sample is loaded, unbound, bound again and unloaded. What it says is what is said here, in this order.

bus=/sys/bus/pci
case $sample in
sample_pci)
	bound="DEVICE: probed: counted 1"
	unbound="DEVICE: unbound: counted 2"
	;;
sample_platform)
	bus=/sys/bus/platform
	bound="DEVICE: probed: vendor 0x8086, 3 comparators, 10000000 fs a tick"
	unbound="DEVICE: unbound: some ticks later"
	;;
sample_auxiliary)
	bound="$sample.reader.0: probed: counted 0
$sample.knocker.0: probed: counted 1"
	unbound="$sample.knocker.0: unbound: counted 2
$sample.reader.0: unbound: counted 2
DEVICE: unbound: counted 2"
	;;
sample_devres_*)
	bound="$sample.knocker.0: probed: counted 1"
	unbound="$sample.knocker.0: unbound: counted 2"
	;;
esac
case $bus in
*/pci) device=$(testdev) ;;
*) device=$bus/devices/PNP0103:00 ;;
esac
[ -e "$device" ] || fail "the device is not there"
name=$(basename "$device")

load "$sample"
same "driver of $name" "$(driver_of "$device")" "$sample"
echo "$name" >"$bus/drivers/$sample/unbind"
same "driver of $name" "$(driver_of "$device")" none
echo "$name" >"$bus/drivers/$sample/bind"
same "driver of $name" "$(driver_of "$device")" "$sample"
rmmod "$sample"
same "driver of $name" "$(driver_of "$device")" none

# Without the time and the driver, and without numbers that are never the same.
said=$(kernel_log | sed -n "s/^\[[^]]*] [^ :]* \($name:\|$sample\.[^ ]*:\)/\1/p" |
	sed "s/^$name:/DEVICE:/; s/ [1-9][0-9]* ticks/ some ticks/")
echo "$said"
same "what $sample said" "$said" "$bound
$unbound
$bound
$unbound"
