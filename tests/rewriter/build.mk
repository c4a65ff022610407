# SPDX-License-Identifier: Apache-2.0
# Rewriter cases: input and expected output side by side, then verified and run.
CHECKS += rewriter
check-rewriter: $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/rewriter/run
.PHONY: check-rewriter
