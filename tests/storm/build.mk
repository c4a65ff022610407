# SPDX-License-Identifier: Apache-2.0
# A storm of calls, deaths and signals over many domains and threads, against a model. make storm CALLS=1000000 SEED=1 for long.
CHECKS += storm
storm := $(B)/tests/storm
CALLS := 2000000
$(storm)/domain.porin: tests/storm/domain.c tests/storm/plan.h $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a include/porin/domain.h
	@mkdir -p $(@D)
	$(B)/bin/porin-cc -std=gnu11 -O2 -fno-optimize-sibling-calls -Wall -Wextra -Wno-infinite-recursion -Iinclude $< -o $@

$(storm)/storm: $(call object,$(filter-out tests/storm/domain.c,$(wildcard tests/storm/*.c))) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# The canary is a wrong model: the storm has to notice.
check-storm: $(storm)/storm $(storm)/domain.porin
	@timeout 200 $(storm)/storm --calls 200000 $(storm)/domain.porin
	@! timeout 200 $(storm)/storm --canary --seed 1 --calls 20000 $(storm)/domain.porin 2> $(storm)/canary || \
		{ echo "the canary lives"; exit 1; }
	@grep -q '^storm: seed' $(storm)/canary && echo "the canary was noticed: $$(head -n 1 $(storm)/canary)"

storm: $(storm)/storm $(storm)/domain.porin
	$(storm)/storm $(if $(SEED),--seed $(SEED)) --calls $(CALLS) $(storm)/domain.porin
.PHONY: check-storm storm
