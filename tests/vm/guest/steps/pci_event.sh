# SPDX-License-Identifier: GPL-2.0
# Something happens to a card that is bound. GSP-RM is as it should be afterwards, and the driver has said why.
queues=/sys/kernel/debug/nova-core/$bdf/queues
# Errors have happened before the step.
new() { dmesg | sed -n "s/^\[[^]]*] $driver $bdf: //p" | tail -n +$(($(cat /tmp/said 2>/dev/null || echo 0) + 1)); }
in_state() { grep -q "^state: $1\$" "$queues"; }

recovery_is_over() { dmesg | grep -q 'device recovery failed'; }

case $event in
bound) state=Running wanted="GSP-RM ready: " ;;
sleep)
	if (sleep_for_a_moment) 2>/tmp/refused; then fail "the machine sleeps"; fi
	grep -q 'Resource busy\|Device or resource busy' /tmp/refused || fail "$(cat /tmp/refused)"
	state=Running wanted="cannot sleep: "
	;;
nonfatal) state=Running wanted= ;;
reset)
	echo flr >"$device/reset_method"
	echo 1 >"$device/reset"
	state=Stopped wanted="the GPU has been reset; "
	;;
fatal) state=Dead wanted="GSP-RM is dead: an error on PCI Express has cut the GPU off; " ;;
*) fail "no such event: $event" ;;
esac
[ $event != fatal ] || until_true 10 recovery_is_over || fail "no end of the recovery"
until_true 5 in_state $state || fail "wanted $state: $(cat "$queues")"
[ $event != nonfatal ] || dmesg | grep -q "device recovery successful" || fail "the error was not recovered from"
[ -z "$wanted" ] || new | grep -q "$wanted" || fail "wanted '$wanted', found '$(new)'"
same "driver of $bdf" "$(driver_of "$device")" "$driver"
new
dmesg | grep -c " $driver $bdf: " >/tmp/said
