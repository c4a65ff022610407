# SPDX-License-Identifier: Apache-2.0
# Services from Debian's sources as domains: check-programs tries what makes them services, suites runs the suites they bring along,
# beside the same built natively.
CHECKS += programs
check-programs: $(B)/bin/porin $(service_stamps) $(B)/work/sqlite-domain.done
	@timeout 300 tests/programs/check $(B)

## suites            the test suites that Redis, libevent, PCRE2, SQLite and memcached bring along, as domains and natively (long)
suites: $(B)/bin/porin $(service_stamps) $(service_native_stamps) $(B)/work/sqlite-domain.done $(B)/work/sqlite-native.done
	@tests/programs/suites $(B)
.PHONY: check-programs suites
