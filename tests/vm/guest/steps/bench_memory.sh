# SPDX-License-Identifier: GPL-2.0
# How much less memory is available while the driver binds, at most, and when it has bound. In a round of its
# own, because looking costs time.
available() { while read -r key value _; do [ "$key" = MemAvailable: ] && echo "$value" && return; done </proc/meminfo; }
echo "$bdf" >"/sys/bus/pci/drivers/$oracle/unbind"
sleep 1
before=$(available)
echo "$before" >/tmp/lowest
(
	lowest=$before
	while [ ! -e /tmp/bound ]; do
		now=$(available)
		if [ "$now" -lt "$lowest" ]; then lowest=$now; echo "$lowest" >/tmp/lowest; fi
		usleep 5000
	done
	: >/tmp/done
) &
echo "$bdf" >"/sys/bus/pci/drivers/$oracle/bind"
: >/tmp/bound
until_true 5 [ -e /tmp/done ] || fail "the sampler does not end"
same "driver of $bdf" "$(driver_of "$device")" "$oracle"
sleep 1
fact peak_kib "$((before - $(cat /tmp/lowest)))"
fact held_kib "$((before - $(available)))"
