# SPDX-License-Identifier: Apache-2.0
# C compiled by porin-cc prints what it prints natively: the corpus, and random programs.
CHECKS += abi
domain_tools := $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a $(B)/native/sysroot/lib/libc.a
check-abi: $(domain_tools)
	@tests/abi/run.py --build $(B)

# Random programs: those that once went wrong, and a few more. fuzz-compiler takes new seeds each time; SECONDS=n says how long.
CHECKS += compiler-seeds
check-compiler-seeds: $(domain_tools)
	@tests/abi/run.py --build $(B) --label compiler-seeds --seeds 11,12,110,201,301,302

## make fuzz-compiler     random C programs, natively and as domains, SECONDS=600 or until one differs
SECONDS := 600
fuzz-compiler: $(domain_tools)
	@end=$$(($$(date +%s) + $(SECONDS))); seed=$$(date +%s); \
	while [ $$(date +%s) -lt $$end ]; do \
		tests/abi/run.py --build $(B) --label "seed $$seed on" --random 4 --seed $$seed || exit 1; seed=$$((seed + 4)); \
	done

.PHONY: check-abi check-compiler-seeds fuzz-compiler
