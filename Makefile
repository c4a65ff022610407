# SPDX-License-Identifier: Apache-2.0
# Porin's build. `make demo` runs the main job, `make check` the tests, `make help` lists the rest. Everything lands in build/.
B := build
CC := gcc
CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fno-strict-aliasing -fstack-protector-strong -Iinclude -Itrusted -Itrusted/tables -I$(B)/gen
LDLIBS := -lpthread
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
CHECKS :=

object = $(patsubst %,$(B)/obj/%.o,$(basename $(1)))
trusted_sources := $(wildcard trusted/*/*.c trusted/*/*.S)
verifier_sources := $(wildcard trusted/verifier/*.c)
toolchain_sources := $(wildcard toolchain/*.c)
command_sources := $(wildcard commands/*.c)
unit_sources := $(wildcard tests/unit/*_test.c)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/lib/libporin.a: $(call object,$(trusted_sources))
$(B)/lib/libporin-verify.a: $(call object,$(verifier_sources))
$(B)/lib/%.a:
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^

$(B)/bin/porin: $(call object,$(command_sources)) $(B)/lib/libporin.a
$(B)/bin/porin-cc: $(call object,$(toolchain_sources)) $(B)/lib/libporin-verify.a
$(B)/bin/porin $(B)/bin/porin-cc:
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(filter-out $(B)/obj/toolchain/main.o,$(call object,$(toolchain_sources))) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

all: $(B)/bin/porin $(B)/bin/porin-cc $(B)/lib/libporin.a $(B)/lib/libporin-verify.a

include $(wildcard build.mk */build.mk */*/build.mk)
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

clean:
	rm -rf $(B)
.PHONY: all clean
