# SPDX-License-Identifier: Apache-2.0
# The test suites that programs bring along, natively and as domains.
## suites            all test suites that programs bring along, natively and as domains, compared case by case (hours)
## suite SUITE=name  some of them; suites-page prints doc/suites.md from the last results
suites: $(B)/bin/porin $(B)/work/busybox-domain.done
	@tests/suites/run $(B)
suite: $(B)/bin/porin $(B)/work/busybox-domain.done
	@tests/suites/run $(B) $(or $(SUITE),$(error SUITE names one or more of $(basename $(notdir $(wildcard tests/suites/*.suite)))))
suites-page:
	@tests/suites/compare $(B)/suites tests/suites/known-differences page >doc/suites.md.new && mv doc/suites.md.new doc/suites.md
.PHONY: suites suite suites-page
