# SPDX-License-Identifier: GPL-2.0
# Unbinding leaves the card so that the same driver can come again.
echo "$bdf" >"/sys/bus/pci/drivers/$oracle/unbind"
same "driver after unbind" "$(driver_of "$device")" none
echo "$bdf" >"/sys/bus/pci/drivers/$oracle/bind"
same "driver after bind" "$(driver_of "$device")" "$oracle"
no_kernel_errors
