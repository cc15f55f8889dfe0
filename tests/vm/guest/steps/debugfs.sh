# SPDX-License-Identifier: GPL-2.0
# debugfs tells identity, firmware and layout of the card.
dir=/sys/kernel/debug/nova-core/$bdf
for file in identity firmware layout; do
	[ -s "$dir/$file" ] || [ -n "$(cat "$dir/$file")" ] || fail "$dir/$file is empty"
	sed "s/^/$file: /" "$dir/$file"
done
chip=$(echo "$chip" | tr a-z A-Z)
grep -q "$chip" "$dir/identity" || fail "identity does not name $chip"
grep -q '570\.144' "$dir/firmware" || fail "no firmware version"
# Regions do not overlap, whatever their order: sorted by start, each ends before the next begins.
sed -n 's/^.*: \(0x[0-9a-f]*\)\.\.\(0x[0-9a-f]*\).*$/\1 \2/p' "$dir/layout" | while read -r start end; do
	[ $((start)) -le $((end)) ] || fail "region $start..$end is inverted"
done
