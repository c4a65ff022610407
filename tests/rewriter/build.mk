# SPDX-License-Identifier: Apache-2.0
# Rewriter cases: input and expected output side by side, then verified and run.
CHECKS += rewriter fuzz-assembly
check-rewriter: $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/rewriter/run

# Random assembly, and what the rewriter wrote broken on purpose, which must be noticed.
check-fuzz-assembly: $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/rewriter/fuzz.py --build $(B) --seed 1 --count 30 --canary
.PHONY: check-rewriter check-fuzz-assembly
