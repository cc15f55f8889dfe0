# SPDX-License-Identifier: GPL-2.0
# Who holds the file of the clock open reads it while the driver is bound, and is told when it is not any more.
file=/sys/kernel/debug/nova-core/clock-$bdf
exec 5<"$file"
first=$(cat <&5)
second=$(cat "$file")
expr "$first" : '[0-9]\{20\}$' >/dev/null || fail "the clock says '$first'"
expr "$first" '<' "$second" >/dev/null || fail "the clock says $second after $first"
echo "$bdf" >$pci_driver/unbind
[ -e "$file" ] || fail "the file has gone"
if cat <&5 >/tmp/out 2>&1; then
	# The end of what was read before; a file that is opened now has not been read.
	same "rest of the file" "$(cat /tmp/out)" ""
fi
for number in 1 2 3; do
	if cat "$file" >/tmp/out 2>&1; then fail "the clock still says $(cat /tmp/out)"; fi
	grep -q 'No such device' /tmp/out || fail "$(cat /tmp/out)"
done
exec 5<&-
echo "$bdf" >$pci_driver/bind
third=$(cat "$file")
expr "$second" '<' "$third" >/dev/null || fail "the clock says $third after $second"
