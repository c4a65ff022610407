# SPDX-License-Identifier: Apache-2.0
# Manual pages against what commands say, and tutorials, whose commands are run and whose outputs are compared.
CHECKS += documents
tutorials := $(filter-out doc/tutorial-bind.md,$(wildcard doc/tutorial-*.md)) # check-bind runs that one

check-documents: $(B)/bin/porin $(B)/bin/porin-cc $(B)/bin/porin-bind $(B)/sysroot/lib/libc.a
	@tests/documents/pages $(B)
	@for page in $(tutorials); do timeout 200 tests/documents/tutorial $(B) $$page || exit 1; done
.PHONY: check-documents
