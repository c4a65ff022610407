# SPDX-License-Identifier: Apache-2.0
# gdb shows source lines and a back trace inside a domain.
CHECKS += debugger
check-debugger: $(B)/gdb/porin.py $(B)/gdb/gates.debug $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/debugger/run
.PHONY: check-debugger
