# SPDX-License-Identifier: Apache-2.0
# C compiled by porin-cc prints what it prints natively: the corpus, and random programs.
CHECKS += abi
domain_tools := $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a $(B)/native/sysroot/lib/libc.a
check-abi: $(domain_tools)
	@tests/abi/run.py --build $(B)

# Random programs: those that once went wrong, and what the rewriter wrote broken on purpose, which must be noticed.
CHECKS += compiler-seeds
check-compiler-seeds: $(domain_tools)
	@tests/abi/run.py --build $(B) --label canary --canary --levels 2 --seeds 11,201
	@tests/abi/run.py --build $(B) --label compiler-seeds --seeds 11,12,110,201,301,302

## make fuzz-compiler     random C and assembly, natively and as domains: SEED=1 COUNT=100 programs of each, or until one differs
SEED ?= 1
COUNT ?= 100
fuzz-compiler: $(domain_tools)
	@tests/rewriter/fuzz.py --build $(B) --seed $(SEED) --count $$(($(COUNT) * 10))
	@for seed in $$(seq $(SEED) 4 $$(($(SEED) + $(COUNT) - 1))); do \
		tests/abi/run.py --build $(B) --label "seed $$seed on" --random 4 --seed $$seed || exit 1; done

.PHONY: check-abi check-compiler-seeds fuzz-compiler
