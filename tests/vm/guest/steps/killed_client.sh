# SPDX-License-Identifier: GPL-2.0
# A client with memory, mappings and handles is killed: as many pages of shared memory are in use as before.
pages_in_use() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_shmem /{print $2}' /proc/vmstat
}
as_before() { [ "$(pages_in_use)" -eq "$before" ]; }

rm -f /tmp/holder; : >/tmp/holder
before=$(pages_in_use)
many-clients hold "$(node_of "$device" renderD)" "$mebibytes" >/tmp/holder 2>&1 &
client=$!
until_true 20 grep -q ready /tmp/holder || fail "the client did not start: $(cat /tmp/holder)"
held=$(($(pages_in_use) - before))
fact pages_held $held
# Of each three objects one has a mapping and no handle, and one a handle and no mapping. What the client said is in
# the same kind of memory.
[ $held -ge $((mebibytes * 256)) ] && [ $held -le $((mebibytes * 256 + 8)) ] ||
	fail "$mebibytes MiB of objects take $held pages"
rm /tmp/holder
kill -9 $client
wait $client || true
until_true 5 as_before || fail "$(($(pages_in_use) - before)) pages are still in use"
