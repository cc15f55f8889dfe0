# SPDX-License-Identifier: GPL-2.0
# Someone else changed the flush register: at unbind the driver warns and leaves it.
same "driver of $bdf" "$(driver_of "$device")" "$driver"
echo "$bdf" >$pci_driver/unbind
warnings=$(kernel_log | grep "$bdf" | grep -c 'flush page is .* and not our' || true)
same "warnings about the flush page" "$warnings" 1
