# SPDX-License-Identifier: GPL-2.0
# debugfs tells the layout of video memory that is wanted.
found() { sed -n "s/^$1: //p" "/sys/kernel/debug/nova-core/$bdf/layout"; }
same "video memory" "$(found vram)" "$vram bytes"
same "FRTS" "$(found frts)" "$frts"
pmu_found=$(found pmu_reserved)
same "region of the PMU" "${pmu_found:-none}" "$pmu"
same "heap in protected memory" "$(found wpr2_heap)" "$heap bytes"
same "heap outside of it" "$(found non_wpr_heap)" "$plain_heap bytes"
same "VGA workspace" "$(found vga_workspace)" "0x20000 bytes"
