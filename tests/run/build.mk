# SPDX-License-Identifier: Apache-2.0
# Programs run as domains with `porin run`, and the pages of services and policies against their tables.
CHECKS += services policies run hardening

$(B)/tests/run/services_page: tests/run/services_page.c trusted/tables/services.def
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

services-page: $(B)/tests/run/services_page
	$< > doc/services.md

check-services: $(B)/tests/run/services_page
	@$< | diff doc/services.md - || { echo "doc/services.md is not what its table says: run make services-page"; exit 1; }
	@echo "doc/services.md is up to date"

$(B)/tests/run/policies_page: tests/run/policies_page.c trusted/tables/policy.def
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

policies-page: $(B)/tests/run/policies_page
	$< > doc/policies.md

check-policies: $(B)/tests/run/policies_page
	@$< | diff doc/policies.md - || { echo "doc/policies.md is not what its table says: run make policies-page"; exit 1; }
	@echo "doc/policies.md is up to date"

$(B)/tests/run/hardened: tests/run/hardened.c $(B)/obj/commands/harden.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I. -o $@ $^ -lseccomp -lpthread

check-hardening: $(B)/tests/run/hardened
	@timeout 60 $<

check-run: $(B)/bin/porin $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@tests/run/check $(B)

.PHONY: services-page check-services policies-page check-policies check-run check-hardening
