# SPDX-License-Identifier: GPL-2.0
# From the beginning of probe to its end: wall time, and time that the CPUs were busy.
busy() { awk '/^cpu /{print $2 + $3 + $4 + $7 + $8}' /proc/stat; }
busy_before=$(busy)
read -r before _ </proc/uptime
echo "$bdf" >"/sys/bus/pci/drivers/$oracle/bind"
read -r after _ </proc/uptime
busy_after=$(busy)
same "driver of $bdf" "$(driver_of "$device")" "$oracle"
# /proc/uptime and /proc/stat count hundredths of a second.
fact wall_ms "$(awk "BEGIN{print int(($after - $before) * 1000 + 0.5)}")"
fact cpu_ms "$(((busy_after - busy_before) * 10))"
