# SPDX-License-Identifier: GPL-2.0
# Makes the kernel panic.
echo c >/proc/sysrq-trigger
