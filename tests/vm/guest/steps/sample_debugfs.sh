# SPDX-License-Identifier: GPL-2.0
# A file that shows registers is read by many while the driver comes and goes, and by one who does not close it.
device=$(testdev)
name=$(basename "$device")
sample=sample_debugfs
file=/sys/kernel/debug/$sample/$name/knocks
load $sample
same "driver of $name" "$(driver_of "$device")" $sample
same "first knock" "$(cat "$file")" 1
same "second knock" "$(cat "$file")" 2

# The last line of each says how often it could read.
read_on() {
	count=0
	while [ ! -e /tmp/enough ]; do
		if cat "$file" >/dev/null 2>&1; then count=$((count + 1)); fi
	done
	echo $count >"/tmp/read-$1"
}
rm -f /tmp/enough
for reader in 1 2 3; do read_on $reader & done
exec 5<"$file"
for round in 1 2 3 4 5 6 7 8 9 10; do
	usleep 100000
	echo "$name" >/sys/bus/pci/drivers/$sample/unbind
	[ ! -e "$file" ] || fail "the file is still there"
	echo "$name" >/sys/bus/pci/drivers/$sample/bind
done
touch /tmp/enough
wait
for reader in 1 2 3; do [ "$(cat /tmp/read-$reader)" -gt 0 ] || fail "reader $reader has read nothing"; done
fact reads $(($(cat /tmp/read-1) + $(cat /tmp/read-2) + $(cat /tmp/read-3)))
if cat <&5 >/tmp/out 2>&1; then fail "a file of an earlier binding says $(cat /tmp/out)"; fi
exec 5<&-
rmmod $sample
[ ! -e /sys/kernel/debug/$sample ] || fail "the directory is still there"
