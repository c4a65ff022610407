# SPDX-License-Identifier: Apache-2.0
# Profiles and their pictures.
CHECKS += observe
check-observe: $(B)/bin/porin-cc $(B)/bin/porin $(B)/sysroot/lib/libc.a
	@tests/observe/run
.PHONY: check-observe
