# SPDX-License-Identifier: GPL-2.0
# Something happens to the device of a sample. What the kernel says in the name of the sample is what is said here.
device=$(testdev)
name=$(basename "$device")
said() { dmesg | sed -n "s/^\[[^]]*] $sample $name: //p"; }
# Errors have happened before the step.
new() { said | tail -n +$(($(cat /tmp/said 2>/dev/null || echo 0) + 1)); }

case $sample-$what in
sample_callbacks-load | sample_pci-load)
	said | wc -l >/tmp/said
	load "$sample"
	same "driver of $name" "$(driver_of "$device")" "$sample"
	wanted="probed: counted 1"
	;;
sample_callbacks-reset)
	wanted="about to be reset: counted 2
has been reset: counted 1"
	;;
sample_callbacks-sleep)
	wanted="suspended: counted 2
resumed: counted 3"
	;;
sample_callbacks-nonfatal)
	wanted="an error, channel Normal
can be reached: counted 4
goes on: counted 5"
	;;
sample_callbacks-fatal)
	wanted="an error, channel Frozen
begins anew: counted 1
goes on: counted 2"
	;;
# A worse error makes the device count anew.
sample_callbacks-unload)
	case $(said | grep -c "begins anew") in
	0) wanted="unbound: counted 4" ;;
	*) wanted="unbound: counted 3" ;;
	esac
	;;
# These are the words of the PCI core.
sample_pci-reset)
	wanted="resetting
reset done"
	;;
sample_pci-sleep) wanted= ;;
sample_pci-nonfatal) wanted="AER: can't recover (no error_detected callback)" ;;
# The device has forgotten in the reset what to count.
sample_pci-unload) wanted="unbound: counted 0" ;;
*) fail "$sample has nothing to say about $what" ;;
esac
case $what in
reset)
	echo bus >"$device/reset_method"
	echo 1 >"$device/reset"
	;;
sleep) sleep_for_a_moment ;;
unload) rmmod "$sample" ;;
esac

as_wanted() { [ "$(new)" = "$wanted" ]; }
for try in 1 2 3 4 5; do
	if as_wanted; then break; fi
	sleep 1
done
as_wanted || same "what $sample said" "$(new)" "$wanted"
said | wc -l >/tmp/said
