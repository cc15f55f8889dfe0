# SPDX-License-Identifier: GPL-2.0
# The lock checker is still on: it turns itself off at the first report.
awk '/debug_locks:/{print "debug_locks " $2; found = $2} END{exit found != 1}' /proc/lockdep_stats
