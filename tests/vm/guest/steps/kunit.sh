# SPDX-License-Identifier: GPL-2.0
# Loads the modules, whose suites run when they are live; the harness reads the results from the log.
load_stock_modules
load nova_core
load nova_drm
