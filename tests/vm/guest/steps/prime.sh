# SPDX-License-Identifier: GPL-2.0
# Buffers are shared with vgem both ways, and with a process.
load_partners
drm-probe prime "$(node_of "$device" renderD)" "$(node_of $vgem card)"
