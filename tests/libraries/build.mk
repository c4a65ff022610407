# SPDX-License-Identifier: Apache-2.0
CHECKS += libraries
check-libraries: $(B)/bin/porin domains natives
	@tests/libraries/run
.PHONY: check-libraries
