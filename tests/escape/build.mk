# SPDX-License-Identifier: Apache-2.0
# Hostile domains: each attempt must end as it must, and harm nobody.
CHECKS += escape
escape := $(B)/tests/escape
$(escape)/attacks: tests/escape/domain/attacks.c tests/escape/domain/raw.S
$(escape)/attacks_evex: tests/escape/domain/raw_evex.S
$(escape)/attacks_evex: escape_exports := --export=dump,dump_service,set,set_fault
$(escape)/attacks $(escape)/attacks_evex: $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a include/porin/domain.h
	@mkdir -p $(@D)
	$(B)/bin/porin-cc -std=gnu11 -O2 -Wall -Wextra -Iinclude $(escape_exports) $(filter tests/%,$^) -o $@

$(escape)/escape: $(call object,$(wildcard tests/escape/*.c)) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lm

check-escape: $(escape)/escape $(escape)/attacks $(escape)/attacks_evex
	@timeout 300 $(escape)/escape $(escape) 2>&1

.PHONY: check-escape
