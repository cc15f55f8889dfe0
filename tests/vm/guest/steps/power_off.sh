# SPDX-License-Identifier: GPL-2.0
# Switches the machine off as init would: the kernel shuts all devices down first.
poweroff -f
sleep 60
