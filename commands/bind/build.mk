# SPDX-License-Identifier: Apache-2.0
# porin-bind, which `porin bind` runs: the only program that needs libclang.
bind_llvm := /usr/lib/llvm-14
bind_sources := $(wildcard commands/bind/*.c)
$(call object,$(bind_sources)): CFLAGS += -I. -isystem $(bind_llvm)/include
$(B)/bin/porin-bind: $(call object,$(bind_sources) toolchain/buffer.c)
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@.$$$$ $^ -L$(bind_llvm)/lib -lclang-14 && mv -f $@.$$$$ $@
all: $(B)/bin/porin-bind
