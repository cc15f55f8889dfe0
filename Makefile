# SPDX-License-Identifier: GPL-2.0
#
# `make help` lists what this can do.

# Variables a user may set, here or on the command line -------------------------------------------------

# Build directory of the kernel to build for. It needs the kernel's Rust metadata, which the header
# packages of most distributions lack: Documentation/kdir.rst tells how to get one.
KDIR ?= /lib/modules/$(shell uname -r)/build
# Where the modules are built.
MO ?= $(CURDIR)/build/modules/default
# The emulated GPU of `make run`: a chip by name, its video memory, a fault to inject.
CHIP ?= ga102
VRAM ?=
FAULT ?=
# 1: the debug kernel (lockdep, kmemleak, KUnit) instead of the stock one.
DEBUG ?=
# The emulated GPUs of `make bench`, with commas between them.
CHIPS ?=
# Test cases to run with `make vm-test`, as a pattern of names.
ONLY ?=
# Seconds for each target of `make fuzz`; RUNS asks for a number of executions instead. TARGETS are some only.
TIME ?= 30
RUNS ?=
TARGETS ?=
# Calls of `make fuzz-ioctl`, and where its random numbers begin.
CALLS ?= 5000000
SEED ?= 1
# Series of the stock kernel to run and test on, such as 7.2; the newest, if there is none.
KERNEL ?=
# 1: print every command.
V ?=
# How many jobs run at once.
JOBS ?= $(shell nproc)

# `make run SHELL=1` asks for a shell in the guest. The name is also make's own for the shell that runs
# the recipes, here and in every make below this one.
GUEST_SHELL := $(if $(findstring command,$(origin SHELL)),$(SHELL))
override SHELL := /bin/sh
MAKEOVERRIDES := $(filter-out SHELL=%,$(MAKEOVERRIDES))

# --------------------------------------------------------------------------------------------------------

Q := $(if $(filter 1,$(V)),,@)
export V JOBS

kbuild = $(Q)mkdir -p $(1) && $(MAKE) -C $(KDIR) M=$(CURDIR) MO=$(1) $(if $(V),V=$(V))
rust_sources = $(shell find firmware nova kernel-glue tests -name '*.rs' -not -path '*/target/*')
harness = $(Q)$(if $(KERNEL),KERNEL=$(KERNEL) )tests/vm/harness

.PHONY: modules
modules:			## build nova_core.ko and nova_drm.ko for KDIR
	$(call kbuild,$(MO)) -j$(JOBS) modules

.PHONY: samples
samples:			## build them, and the modules of tests/samples
	$(call kbuild,$(MO)) -j$(JOBS) SAMPLES=1 modules

.PHONY: modules_install
modules_install: modules	## install them where KDIR's kernel looks for modules (as root); loads nothing
	$(call kbuild,$(MO)) modules_install
	$(Q)install -D -m 644 nova/modprobe.conf $(INSTALL_MOD_PATH)/etc/modprobe.d/nova.conf

.PHONY: run
run:				## boot a stock kernel with an emulated GPU and watch the drivers bind (CHIP= VRAM= FAULT= SHELL=1 DEBUG=1)
	$(harness) run --chip $(CHIP) $(if $(VRAM),--vram $(VRAM)) $(if $(FAULT),--fault $(FAULT)) \
		$(if $(filter 1,$(DEBUG)),--debug) $(if $(filter 1,$(GUEST_SHELL)),--shell)

.PHONY: timeline
timeline:			## draw what driver and emulated GPU do while a card comes up: build/timeline.svg (CHIP= VRAM=)
	$(harness) run --chip $(CHIP) $(if $(VRAM),--vram $(VRAM)) --timeline build/timeline.svg

.PHONY: test
test:				## run every test; ends with a line `N passed, N failed` (KERNEL=series)
	$(harness) test

.PHONY: host-test compile-fail vm-test kunit
host-test:			## only the tests that boot no kernel
	$(harness) host-test
compile-fail:			## only what the type system must refuse
	$(harness) compile-fail
vm-test:			## only the tests on kernels with emulated GPUs (ONLY=pattern)
	$(harness) vm-test $(if $(ONLY),--only '$(ONLY)')
kunit:				## only the KUnit suites, in the debug kernel
	$(harness) vm-test --only 'kunit*'

.PHONY: fuzz
fuzz:				## try the parsers with bytes nobody meant (TIME=seconds for each, or RUNS=; TARGETS=)
	$(harness) fuzz $(if $(RUNS),--runs $(RUNS),--time $(TIME)) $(TARGETS)

.PHONY: fuzz-ioctl
fuzz-ioctl:			## make ioctls nobody meant while the card comes and goes, in the debug kernel (CALLS= SEED=)
	$(harness) fuzz-ioctl --calls $(CALLS) --seed $(SEED)

.PHONY: endurance
endurance:			## unbind and bind a card of every generation, and all from Hopper on, a hundred times in a row
	$(harness) vm-test --rebinds 100 --only '*unbind and bind 100 times'

.PHONY: oracle bench
oracle:				## only the drivers that nobody here wrote, on emulated GPUs
	$(harness) vm-test --only 'oracle*'
bench:				## what a register access costs, and bringing a card up: ours, upstream nova-core, nouveau (CHIPS=ga102,gb202)
	$(harness) bench $(if $(CHIPS),--chips $(CHIPS))

.PHONY: clippy rustfmt-check rustdoc rust-analyzer
clippy:				## check the modules with the kernel's lints, warnings being errors
	$(call kbuild,$(abspath $(MO))-clippy) -j$(JOBS) CLIPPY=1 KRUSTFLAGS=-Dwarnings modules

rustfmt-check:			## check the formatting of every Rust source
	$(Q)rustfmt --check --edition 2021 --config newline_style=Unix $(rust_sources)

rustdoc: modules		## documentation of the crates, below MO/doc
	$(Q)kernel-glue/rust-tools.py rustdoc --kdir $(KDIR) --objects $(MO) --output $(MO)/doc

rust-analyzer: modules		## rust-project.json for editors
	$(Q)kernel-glue/rust-tools.py rust-analyzer --kdir $(KDIR) --objects $(MO) --output rust-project.json

.PHONY: inspect
inspect:			## build build/nova-inspect for this machine, which shows what the driver would see (needs cargo)
	$(Q)cargo build $(if $(filter 1,$(V)),,--quiet) --locked --release --package nova-inspect --target-dir build/host \
		--jobs $(JOBS)
	$(Q)ln -sf host/release/nova-inspect build/nova-inspect

.PHONY: clean distclean
clean:				## remove what was built, keep what is cached for all trees
	$(Q)rm -rf build target rust-project.json

distclean: clean		## remove the cache as well (kernel, toolchain, firmware)
	$(harness) distclean

.PHONY: help
help:				## this list
	$(Q)sed -n 's/^\([a-z-][a-z_-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r name text; do printf '  %-16s %s\n' "$$name" "$$text"; done
