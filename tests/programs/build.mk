# SPDX-License-Identifier: Apache-2.0
# Services from Debian's sources as domains: check-programs tries what makes them services. Their own suites: tests/suites.
CHECKS += programs
check-programs: $(B)/bin/porin $(service_stamps) $(B)/work/sqlite-domain.done
	@timeout 300 tests/programs/check $(B)
.PHONY: check-programs
