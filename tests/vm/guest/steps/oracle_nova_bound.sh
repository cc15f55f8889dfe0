# SPDX-License-Identifier: GPL-2.0
# Upstream's nova-core has asked GSP-RM for the card's name.
same "driver of $bdf" "$(driver_of "$device")" "$oracle"
name=$(dmesg | sed -n "s/^.*$bdf: GPU name: //p" | tail -n 1)
[ -n "$name" ] || fail "no line with a name: $(dmesg | grep "$bdf" | tail -n 3)"
fact gpu_name "$name"
