# SPDX-License-Identifier: GPL-2.0
# Out-of-tree (4096) and unsigned (8192), and nothing else.
same taint "$(cat /proc/sys/kernel/tainted)" 12288
