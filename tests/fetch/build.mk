# SPDX-License-Identifier: Apache-2.0
CHECKS += fetch
check-fetch:
	@tests/fetch/run
.PHONY: check-fetch
