# SPDX-License-Identifier: Apache-2.0
# Services under load while some are killed at random: a short form among the checks, an hour by `make soak` (MINUTES=60).
CHECKS += soak
MINUTES ?= 60
soak_images := $(B)/tests/soak/ledger.porin $(B)/tests/soak/front.porin $(B)/tests/soak/steady.porin $(B)/tests/soak/adder.porin

$(soak_images): $(B)/tests/soak/%.porin: tests/soak/programs/%.c tests/soak/programs/lines.h $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(Q)$(B)/bin/porin-cc -O2 -g -Iinclude $(if $(filter adder,$*),--library --export=add) -o $@ $<

check-soak: $(B)/bin/porin $(soak_images)
	@timeout 120 tests/soak/soak.py $(B) 12
## soak              services under load and killed at random for an hour: MINUTES=60
soak: $(B)/bin/porin $(soak_images)
	@tests/soak/soak.py $(B) $$(( $(MINUTES) * 60 ))

.PHONY: check-soak soak
