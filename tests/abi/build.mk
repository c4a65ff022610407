# SPDX-License-Identifier: Apache-2.0
# C compiled by porin-cc prints what it prints natively: the corpus, and random programs.
CHECKS += abi
domain_tools := $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a $(B)/native/sysroot/lib/libc.a
check-abi: $(domain_tools)
	@tests/abi/run.py --build $(B)

.PHONY: check-abi
