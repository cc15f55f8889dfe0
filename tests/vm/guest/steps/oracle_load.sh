# SPDX-License-Identifier: GPL-2.0
# The driver binds to every card, and logs no error.
load_stock_modules
insmod_oracle
no_kernel_errors
