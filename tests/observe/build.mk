# SPDX-License-Identifier: Apache-2.0
# Looking at what runs: profiles, traces, and their pictures; stacks that run.
CHECKS += observe
check-observe: $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/observe/run
	@timeout 300 tests/observe/stack.py $(B)
.PHONY: check-observe
