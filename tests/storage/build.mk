# SPDX-License-Identifier: Apache-2.0
# The storage stack of the bench: as one program under the sanitizers, on a device of the test's; and as domains.
# make storage ROUNDS=20: the first for longer.
CHECKS += storage
storage_tests := $(B)/tests/storage

$(storage_tests)/stack_test: tests/storage/stack_test.c $(addprefix bench/storage/,storage.h journal.c checksum.c cache.c files.c)
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -fno-strict-aliasing -fsanitize=address,undefined -fno-sanitize-recover=all -I. \
		$(filter %.c,$^) -o $@
$(storage_tests)/domains_test: $(call object,tests/storage/domains_test.c bench/storage/stack.c) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(call object,tests/storage/domains_test.c): CFLAGS += -I.
storage_hostile := $(storage_tests)/block.porin $(storage_tests)/files.porin
$(storage_hostile): $(storage_tests)/%.porin: tests/storage/domain/%.c bench/storage/storage.h $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc $(storage_options) -I. $< -o $@

check-storage: $(storage_tests)/stack_test $(storage_tests)/domains_test $(storage_domains) $(storage_hostile)
	@timeout 100 $<
	@mkdir -p $(storage_tests)/folder
	@timeout 100 $(storage_tests)/domains_test $(B)/bench/domains $(storage_tests) $(storage_tests)/folder
storage: $(storage_tests)/stack_test
	@$< $(or $(ROUNDS),1)
.PHONY: check-storage storage
