# SPDX-License-Identifier: Apache-2.0
# What examples/README.md says is run, and what it prints compared.
CHECKS += examples
check-examples: $(B)/bin/porin $(B)/bin/porin-cc $(B)/work/redis-domain.done $(B)/work/nginx-domain.done $(B)/work/sqlite-domain.done
	@timeout 100 tests/documents/tutorial $(B) examples/README.md
.PHONY: check-examples
