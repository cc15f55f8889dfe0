# SPDX-License-Identifier: GPL-2.0
# nova-inspect says of a card that no driver has what the driver says, and leaves it as it is.
same "driver of $bdf" "$(driver_of "$device")" none
before=$(hexdump -n 64 "$device/config")
report=$(nova-inspect hw "$bdf") || fail "nova-inspect: $report"
same "configuration of $bdf" "$(hexdump -n 64 "$device/config")" "$before"
chip=$(echo "$chip" | tr a-z A-Z)
echo "$report" | grep -q "^  chip: $chip (" || fail "no $chip: $report"
echo "$report" | grep -q '^  verdict: ok$' || fail "refused: $report"
nova-inspect hw | grep -q "^$bdf$" || fail "it is not found without its address"
