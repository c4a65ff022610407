# SPDX-License-Identifier: Apache-2.0
# Own stubs of domains: the same source at several levels of optimization, each against the code that captures registers.
CHECKS += own-stubs
stub_levels := O1 O2 O3 Os
stub_images := $(stub_levels:%=$(B)/tests/policy/stubs-%.porin)

$(stub_images): $(B)/tests/policy/stubs-%.porin: tests/policy/stubs.c include/porin/protect.h include/porin/domain.h $(B)/bin/porin-cc \
		$(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc -$* -Wall -Wextra -Werror -std=gnu11 -Iinclude -o $@ $<

$(B)/tests/policy/stub_test: $(B)/obj/tests/policy/stub_test.o $(B)/obj/tests/unit/policy_code.o $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

check-own-stubs: $(B)/tests/policy/stub_test $(stub_images)
	@timeout 60 $< $(stub_images)
.PHONY: check-own-stubs
