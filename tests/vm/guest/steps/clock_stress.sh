# SPDX-License-Identifier: GPL-2.0
# Threads read a register while the driver is unbound and bound, again and again.
file=/sys/kernel/debug/nova-core/clock-$bdf
drm-probe clock "$file" 4 "$reads" >/tmp/clock 2>&1 &
client=$!
until_true 5 grep -q ready /tmp/clock || fail "the client did not start: $(cat /tmp/clock)"
rounds=0
while kill -0 $client 2>/dev/null; do
	echo "$bdf" >$pci_driver/unbind
	echo "$bdf" >$pci_driver/bind || fail "bind $rounds was refused"
	rounds=$((rounds + 1))
	usleep 200000
done
wait $client || fail "$(cat /tmp/clock)"
cat /tmp/clock
[ "$(awk '/^answered/{print $2}' /tmp/clock)" -ge "$reads" ] || fail "the clock has not answered often enough"
[ "$(awk '/^gone/{print $2}' /tmp/clock)" -gt 0 ] || fail "nobody read while the driver was not bound"
fact rounds $rounds
fact answered "$(awk '/^answered/{print $2}' /tmp/clock)"
fact gone "$(awk '/^gone/{print $2}' /tmp/clock)"
same "driver of $bdf" "$(driver_of "$device")" "$driver"
