# SPDX-License-Identifier: Apache-2.0
# The verifier's tables are generated from trusted/tables/*.def by a small program.
verifier_tables := $(B)/gen/verifier/tables.o

$(B)/gen/verifier_tables: $(B)/obj/trusted/verifier/generate/main.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@.$$$$ $^ && mv -f $@.$$$$ $@

$(B)/gen/verifier/tables.c: $(B)/gen/verifier_tables
	@mkdir -p $(@D)
	$< $@.$$$$ $(@D)/form_details.h.$$$$ && mv -f $(@D)/form_details.h.$$$$ $(@D)/form_details.h && mv -f $@.$$$$ $@

$(verifier_tables): $(B)/gen/verifier/tables.c
	$(CC) $(CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

$(B)/gen/verifier/form_details.h: $(B)/gen/verifier/tables.c
$(B)/lib/libporin.a $(B)/lib/libporin-verify.a: $(verifier_tables)
-include $(verifier_tables:.o=.d)
