# SPDX-License-Identifier: GPL-2.0
# The 20-line module built with the prepared build directory loads and unloads.
[ -e /nova/modules/hello.ko ] || fail "hello.ko was not built for this kernel"
insmod /nova/modules/hello.ko
[ -e /sys/module/hello ] || fail "not loaded"
rmmod hello
kernel_log | grep -i hello || fail "it said nothing"
