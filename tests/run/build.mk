# SPDX-License-Identifier: Apache-2.0
# Programs run as domains with `porin run`, and the page of services against its table.
CHECKS += services run

$(B)/tests/run/services_page: tests/run/services_page.c trusted/tables/services.def
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

services-page: $(B)/tests/run/services_page
	$< > doc/services.md

check-services: $(B)/tests/run/services_page
	@$< | diff doc/services.md - || { echo "doc/services.md is not what its table says: run make services-page"; exit 1; }
	@echo "doc/services.md is up to date"

check-run: $(B)/bin/porin $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@tests/run/check $(B)

.PHONY: services-page check-services check-run
