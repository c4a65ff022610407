# SPDX-License-Identifier: Apache-2.0
CHECKS += bind
bind_programs := sqlite
bind_bound := $(bind_programs:%=$(B)/tests/bind/%-bound) $(B)/tests/bind/zlib-bound
bind_native := $(bind_programs:%=$(B)/tests/bind/%-native)
bind_flags = -Iinclude -Itests/bind -I$(bindings_at) -I$(bindings_at)/include

$(bind_programs:%=$(B)/tests/bind/%-bound): $(B)/tests/bind/%-bound: tests/bind/%.c tests/bind/start.h $(bound) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -DBOUND $(bind_flags) $< $(bindings_at)/lib$*-bind.a $(B)/lib/libporin.a $(LDLIBS) -o $@
$(bind_native): $(B)/tests/bind/%-native: tests/bind/%.c $(bind_programs:%=$(B)/work/%-native.done)
	@mkdir -p $(@D)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc -std=gnu11 -O2 $< $($*_link) -o $@
# zlib's own test program, unchanged but for the include and a main of ours around it.
$(B)/tests/bind/zlib-bound: tests/bind/zlib.c tests/bind/start.h $(bound) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(Q)$(CC) -w -O1 -Dmain=example_main -include zlib_bind.h $(bind_flags) -c $(B)/src/zlib/test/example.c -o $(B)/tests/bind/example.o
	$(Q)$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror $(bind_flags) $< $(B)/tests/bind/example.o $(bindings_at)/libzlib-bind.a \
		$(B)/lib/libporin.a $(LDLIBS) -o $@

check-bind: $(bind_bound) $(bind_native) $(B)/bin/porin $(B)/bin/porin-bind
	@tests/bind/run $(B) $(bind_programs)
.PHONY: check-bind
