# SPDX-License-Identifier: GPL-2.0
# Calls that nobody meant, while the card comes and goes. Afterwards it works, and memory is as it was.
pages_in_use() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_shmem /{print $2}' /proc/vmstat
}
load_partners
: >/tmp/fuzz
before=$(pages_in_use)
drm-probe fuzz "$bdf" "$calls" "$seed" 4 "$seconds" unbind 2>&1 | tee /tmp/fuzz
fact seed "$seed"
fact calls "$(awk '/^calls /{print $2}' /tmp/fuzz)"
fact seconds "$(awk '/^calls /{print $4}' /tmp/fuzz)"
fact unbinds "$(awk '/^rounds /{print $2}' /tmp/fuzz)"
[ "$(awk '/^rounds /{print $2}' /tmp/fuzz)" -gt 0 ] || fail "the card was never unbound"
same "driver afterwards" "$(driver_of "$device")" "$driver"
drm-probe getparam "$(node_of "$device" renderD)" 1
left=$(($(pages_in_use) - before))
[ $left -le 8 ] || fail "$left pages are still in use"
