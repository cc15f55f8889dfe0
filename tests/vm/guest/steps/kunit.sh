# SPDX-License-Identifier: GPL-2.0
# Loads the modules, whose suites run when they are live; the harness reads the results from the log.

# What the suite kernel_glue_firmware reads: 10000 bytes of "0123456", over and over, once as they are and
# once compressed only.
firmware=/lib/firmware/kernel-glue-test
mkdir -p $firmware
{
	printf '\375\067\172\130\132\000\000\001\151\042\336\066\002\000\041\001\026\000\000\000\164\057\345'
	printf '\243\340\047\017\000\063\135\000\030\014\102\222\152\147\274\027\345\205\044\362\030\347\027'
	printf '\235\054\012\027\027\012\275\113\017\003\235\033\055\266\102\227\032\356\152\335\263\146\236'
	printf '\310\173\144\245\177\031\054\360\132\110\002\165\000\000\000\256\216\226\057\000\001\113\220'
	printf '\116\000\000\000\154\046\007\014\076\060\015\213\002\000\000\000\000\001\131\132'
} >$firmware/compressed.bin.xz
unxz -c $firmware/compressed.bin.xz >$firmware/plain.bin
same "length of the test firmware" "$(wc -c <$firmware/plain.bin)" 10000

load_stock_modules
load nova_core
load nova_drm
