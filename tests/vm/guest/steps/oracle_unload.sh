# SPDX-License-Identifier: GPL-2.0
# The module goes while it drives all cards.
rmmod "$module"
[ ! -e "/sys/module/$module" ] || fail "the module is still there"
no_kernel_errors
