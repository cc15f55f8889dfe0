# SPDX-License-Identifier: GPL-2.0
# Everything is loaded but nothing is bound: what comes then is the driver's own work.
load_stock_modules
echo 0 >/sys/bus/pci/drivers_autoprobe
insmod_oracle
same "driver of $bdf" "$(driver_of "$device")" none
sleep 1
