# SPDX-License-Identifier: GPL-2.0
# The driver binds to every card, and logs no error.
load_stock_modules
# Asked for in words, because nouveau would fall back to driving the card without GSP-RM.
case $module in
nouveau) insmod /nova/modules/nouveau.ko config=NvGspRm=1 ;;
*) insmod "/nova/modules/$module.ko" ;;
esac
no_kernel_errors
