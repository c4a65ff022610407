# SPDX-License-Identifier: Apache-2.0
# The verifier's tables are generated from trusted/tables/*.def by a small program.
verifier_tables := $(B)/gen/verifier/tables.o

$(B)/gen/verifier_tables: $(B)/obj/trusted/verifier/generate/main.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^

$(B)/gen/verifier/tables.c: $(B)/gen/verifier_tables
	@mkdir -p $(@D)
	$< $@ $(@D)/form_details.h

$(verifier_tables): $(B)/gen/verifier/tables.c
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/gen/verifier/form_details.h: $(B)/gen/verifier/tables.c
$(B)/lib/libporin.a $(B)/lib/libporin-verify.a: $(verifier_tables)
