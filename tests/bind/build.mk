# SPDX-License-Identifier: Apache-2.0
CHECKS += bind
bind_programs := sqlite png expat lua zlib
bind_bound := $(bind_programs:%=$(B)/tests/bind/%-bound) $(B)/tests/bind/zlib-example
bind_native := $(bind_programs:%=$(B)/tests/bind/%-native)
bind_flags = -Iinclude -Itests/bind -I$(bindings_at) -I$(bindings_at)/include

$(bind_programs:%=$(B)/tests/bind/%-bound): $(B)/tests/bind/%-bound: tests/bind/%.c tests/bind/start.h $(bound) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -DBOUND $(bind_flags) $< $(bindings_at)/lib$*-bind.a $(B)/lib/libporin.a $(LDLIBS) -o $@
$(bind_native): $(B)/tests/bind/%-native: tests/bind/%.c $(foreach program,$(bind_programs),$(B)/work/$($(program)_recipe)-native.done)
	@mkdir -p $(@D)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc -std=gnu11 -O2 $< $($*_link) -o $@
# zlib's own test program with the difference that the documentation shows.
$(B)/tests/bind/zlib-example: doc/bind-zlib.diff $(bound) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(Q)cp $(B)/src/zlib/test/example.c $(B)/tests/bind/example.c && patch -s $(B)/tests/bind/example.c $<
	$(Q)$(CC) -w -O1 $(bind_flags) $(B)/tests/bind/example.c $(bindings_at)/libzlib-bind.a $(B)/lib/libporin.a $(LDLIBS) -o $@

# A library whose every answer is wrong, with strict stubs.
bind_hostile := $(B)/tests/bind/hostile
$(bind_hostile)/hostile: $(wildcard tests/bind/hostile/*) tests/bind/start.h $(B)/bin/porin-bind $(B)/bin/porin-cc $(B)/lib/libporin.a \
		$(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,bind,hostile)
	$(Q)$(B)/bin/porin-bind -n hostile -o $(@D) --include '"hostile.h"' tests/bind/hostile/hostile.h
	$(Q)$(B)/bin/porin-cc -std=gnu11 -O1 -g -Wall -Wextra -Iinclude -Itests/bind/hostile -I$(@D) tests/bind/hostile/hostile_lib.c \
		$(@D)/hostile_callee.c -o $(@D)/hostile.porin
	$(Q)$(CC) -std=gnu11 -O1 -g -Wall -Wextra -Werror $(bind_flags) -Itests/bind/hostile -I$(@D) tests/bind/hostile/hostile.c \
		$(@D)/hostile_host.c $(B)/lib/libporin.a -lcmocka $(LDLIBS) -o $@

check-bind: $(bind_bound) $(bind_native) $(bind_hostile)/hostile $(B)/bin/porin $(B)/bin/porin-bind $(B)/lib/libporin-stubs.a
	@tests/bind/run $(B) $(bind_programs)
	@timeout 60 $(bind_hostile)/hostile $(bind_hostile)/hostile.porin
	@tests/bind/between/run $(B)
	@tests/bind/types $(B) 1 2
	@tests/documents/tutorial $(B) doc/tutorial-bind.md

## fuzz-bind         random libraries through stubs against native calls: SEED=1 COUNT=100
SEED ?= 1
COUNT ?= 100
fuzz-bind: $(B)/bin/porin $(B)/bin/porin-bind $(B)/lib/libporin-stubs.a $(B)/sysroot/lib/libc.a
	@tests/bind/types $(B) $(SEED) $(COUNT)
.PHONY: check-bind fuzz-bind
