# SPDX-License-Identifier: GPL-2.0
# The modules load, and no card is touched until it is asked for by name.
load_stock_modules
echo 0 >/sys/bus/pci/drivers_autoprobe
load nova_core
load nova_drm
