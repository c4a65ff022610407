# SPDX-License-Identifier: Apache-2.0
# The part `stubs` of porin-bench: stubs beside the same libraries, built for the host from the same sources with the same optimisation.
bind_at := $(B)/bench/bind
bind_host := $(bind_at)/classes_host.o $(bind_at)/work_png.o $(bind_at)/work_sqlite.o
bind_include = -Iinclude -Ibench/bind -I$(bind_at) -I$(bindings_at) -I$(bindings_at)/include

$(bind_at)/classes_host.c: bench/bind/classes.h $(B)/bin/porin-bind
	@mkdir -p $(@D)
	$(call say,bind,classes)
	$(Q)$(B)/bin/porin-bind --drop-in -n classes -o $(@D) --include '"classes.h"' $<
$(bind_at)/classes.porin: bench/bind/classes.c $(bind_at)/classes_host.c $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	$(Q)$(B)/bin/porin-cc -O2 -Iinclude -Ibench/bind $< $(bind_at)/classes_callee.c -o $@
$(bind_at)/classes_host.o: $(bind_at)/classes_host.c
	$(Q)$(CC) -std=gnu11 -O2 $(bind_include) -c $< -o $@
$(bind_at)/work_%.o: bench/bind/work_%.c bench/bind/work.h $(bound)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -DBOUND $(bind_include) -c $< -o $@
$(bind_at)/png-native.so: bench/bind/work_png.c $(bindings_at)/png_host.c
	$(call say,native,$@)
	$(Q)$(CC) -w -O2 -fPIC -shared -Wl,-Bsymbolic -fvisibility=default -I$(bindings_at)/include -DPNG_INTEL_SSE_OPT=0 $< \
		$(filter-out %/example.c %/pngtest.c,$(wildcard $(B)/src/libpng1.6/png*.c)) \
		$(filter-out $(B)/src/zlib/gz%,$(wildcard $(B)/src/zlib/*.c)) -lm -o $@
$(bind_at)/sqlite-native.so: bench/bind/work_sqlite.c $(bindings_at)/sqlite_host.c
	$(call say,native,$@)
	$(Q)$(CC) -w -O2 -fPIC -shared -Wl,-Bsymbolic -I$(bindings_at)/include $(shell sed -n "s/^features='\(.*\)'/\1/p" recipes/sqlite) $< \
		$(lastword $(sort $(wildcard $(B)/work/sqlite-amalgamation-*/sqlite3.c))) -lm -o $@

$(call object,bench/stubs.c): private CFLAGS += -I$(bind_at) $(bind_include)
$(call object,bench/stubs.c): $(bind_at)/classes_host.c $(bound)
$(B)/bench/porin-bench: $(bind_host) $(bindings_at)/libpng-bind.a $(bindings_at)/libsqlite-bind.a
$(B)/bench/porin-bench: private LDLIBS += $(bindings_at)/libpng-bind.a $(bindings_at)/libsqlite-bind.a $(B)/lib/libporin.a
$(B)/bench/porin-bench: | $(bind_at)/classes.porin $(bind_at)/png-native.so $(bind_at)/sqlite-native.so

# The part `between`: the same classes for a caller in a domain, and by hand.
between_at := $(bind_at)/between
between_domains := $(B)/bench/domains/bind-caller.porin $(B)/bench/domains/bind-callee.porin
between_cc = $(B)/bin/porin-cc -std=gnu11 -O2 -g -Wall -Wextra -Werror -DBETWEEN -Iinclude -Ibench/bind -I$(between_at)
$(between_at)/classes_caller.c: bench/bind/classes.h $(B)/bin/porin-bind
	@mkdir -p $(@D)
	$(call say,bind,$@)
	$(Q)$(B)/bin/porin-bind --for-domains -DBETWEEN -n classes -o $(@D) --include '"classes.h"' $<
$(between_domains): $(between_at)/classes_caller.c $(wildcard bench/bind/*.[ch]) $(B)/lib/libporin-stubs.a $(B)/bin/porin-cc \
		$(B)/sysroot/lib/libc.a
$(B)/bench/domains/bind-caller.porin:
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(between_cc) bench/bind/between.c $(between_at)/classes_caller.c $(B)/lib/libporin-stubs.a -o $@
$(B)/bench/domains/bind-callee.porin:
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(between_cc) bench/bind/hand.c bench/bind/classes.c $(between_at)/classes_receiver.c $(B)/lib/libporin-stubs.a -o $@
$(between_at)/classes_edges.o: $(between_at)/classes_caller.c
	$(Q)$(CC) -std=gnu11 -O2 -DBETWEEN $(bind_include) -I$(between_at) -c $(@D)/classes_edges.c -o $@
$(call object,bench/between.c): private CFLAGS += -I$(between_at) $(bind_include) -DBETWEEN
$(call object,bench/between.c): $(between_at)/classes_caller.c bench/bind/hand.h
$(B)/bench/porin-bench: $(between_at)/classes_edges.o
bench_needs_between := $(between_domains)
