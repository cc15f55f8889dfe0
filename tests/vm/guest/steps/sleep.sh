# SPDX-License-Identifier: GPL-2.0
# Takes a while, so that something can go wrong meanwhile.
sleep "$seconds"
