# SPDX-License-Identifier: Apache-2.0
# make bench [BENCH="options and parts of porin-bench"]: builds every program in its variants and runs porin-bench.
# make bench-PART: one part of it, with a report of its own; builds what that part needs.
bench_programs := $(filter-out functions,$(patsubst bench/programs/%.c,%,$(wildcard bench/programs/*.c)))
bench_recipes := zlib bzip2 libpng cjson lua sqlite
bench_native := $(bench_programs:%=$(B)/bench/native/%) $(B)/bench/native/functions
bench_domain := $(bench_programs:%=$(B)/bench/domain/%) $(B)/bench/domain/functions
bench_wasm := $(bench_programs:%=$(B)/bench/wasm2c/%)
bench_domains := $(patsubst bench/domains/%.c,$(B)/bench/domains/%.porin,$(wildcard bench/domains/*.c))
bench_sources := $(wildcard bench/*.c)
bench_program_needs := bench/programs/program.h bench/build-program
# For the ladder's wasm2c rung: wasm2c's runtime, which shall not handle the signals that Porin handles in that process.
wasm2c_runtime := /usr/share/wabt/wasm2c
wasm2c_flags := -I$(wasm2c_runtime) -DWASM_RT_SKIP_SIGNAL_RECOVERY=1
bench_rpc := client server xdr
# What each part needs besides porin-bench; the others need the bench's domains only.
bench_needs_programs := $(B)/bin/porin $(bench_native) $(bench_domain) $(bench_wasm)
bench_needs_strings := $(B)/bin/porin $(B)/bench/native/functions $(B)/bench/domain/functions $(B)/bench/glibc/functions
bench_needs_verifier := $(bench_domain)
storage_modules := block journal checksum cache files load sql
storage_sources := $(storage_modules:%=bench/storage/%.c)
storage_domains := $(patsubst %,$(B)/bench/domains/storage-%.porin,$(storage_modules) all)
bench_needs_storage := $(storage_domains)
bench_needs_forks := $(B)/bench/services/fork $(B)/bench/services/fork.porin
bench_needs_talks := $(B)/bench/services/talk $(B)/bench/services/talk.porin
bench_parts := $(shell sed -n 's/^    {"\([a-z]*\)", .*bench_.*/\1/p' bench/main.c)
bench_all := $(B)/bench/porin-bench $(bench_domains) $(foreach part,$(bench_parts),$(bench_needs_$(part)))

$(bench_native): $(B)/bench/native/%: bench/programs/%.c $(bench_program_needs) $(bench_recipes:%=$(B)/work/%-native.done)
	$(call say,native,$@)
	$(Q)bench/build-program native $*
$(bench_domain): $(B)/bench/domain/%: bench/programs/%.c $(bench_program_needs) $(bench_recipes:%=$(B)/work/%-domain.done) \
		| $(B)/bin/porin-cc
	$(call say,domain,$@)
	$(Q)bench/build-program domain $*
$(bench_wasm): $(B)/bench/wasm2c/%: bench/programs/%.c $(bench_program_needs) $(wildcard bench/wasm/*.c) \
		$(bench_recipes:%=$(B)/work/%-native.done)
	$(call say,wasm2c,$@)
	$(Q)bench/build-program wasm2c $*
$(B)/bench/glibc/functions: bench/programs/functions.c bench/programs/program.h
	@mkdir -p $(@D)
	$(call say,glibc,$@)
	$(Q)$(CC) -O2 -std=gnu11 -fno-builtin $< -o $@

$(bench_domains): $(B)/bench/domains/%.porin: bench/domains/%.c $(wildcard bench/*.def bench/domains/*.[ch]) $(B)/bin/porin-cc \
		$(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc -O2 -g -Iinclude $< -o $@

# The storage stack: each module a domain, all of them one domain, all of them part of porin-bench. The same source and options.
storage_options := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fno-strict-aliasing -Iinclude
$(storage_domains): bench/storage/storage.h include/porin/capability.h include/porin/domain.h $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
$(B)/bench/domains/storage-sql.porin $(B)/bench/domains/storage-all.porin: $(B)/work/sqlite-domain.done
$(B)/bench/domains/storage-sql.porin $(B)/bench/domains/storage-all.porin: storage_libraries = -lsqlite3 -lm
$(B)/bench/domains/storage-all.porin: $(storage_sources)
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc $(storage_options) -DSTORAGE_ONE $(storage_sources) $(storage_libraries) -o $@
$(B)/bench/domains/storage-%.porin: bench/storage/%.c
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc $(storage_options) $< $(storage_libraries) -o $@
$(call object,$(storage_sources)): CFLAGS := $(storage_options) -I$(B)/bench/sqlite
$(call object,bench/storage/sql.c): $(B)/bench/sqlite/sqlite3.o
$(call object,bench/storage.c bench/storage/stack.c): CFLAGS += -I.
# SQLite by gcc, with the recipe's options; its source is where the recipe has prepared it.
$(B)/bench/sqlite/sqlite3.o: $(B)/work/sqlite-native.done recipes/sqlite
	@mkdir -p $(@D)
	$(call say,native,$@)
	$(Q)cp $(B)/work/sqlite-native/sqlite3.[ch] $(@D)/
	$(Q)features="$$(sed -n "s/^features='\(.*\)'/\1/p" recipes/sqlite)" && $(CC) -O2 -g -w $$features -c $(@D)/sqlite3.c -o $@
# All of it, and nothing to be seen but what the bench calls: porin-bench has the stubs of a bound SQLite too.
$(B)/bench/storage-native.o: $(call object,$(storage_sources)) $(B)/bench/sqlite/sqlite3.o
	$(call say,link,$@)
	$(Q)$(CC) -r -nostdlib $^ -o $@
	$(Q)objcopy $(addprefix --keep-global-symbol=,block_attach files_mount load_prepare load_run sql_open sql_run) $@

# The ladder's callee once more as a WebAssembly module, translated by wasm2c.
$(B)/bench/callee_wasm.c: bench/wasm/callee.c
	@mkdir -p $(@D)
	$(call say,wasm2c,$@)
	$(Q)clang --target=wasm32-wasi -nostdlib -O2 -Wl,--no-entry -Wl,--strip-all $< -o $(B)/bench/callee.wasm
	$(Q)wasm2c -n callee $(B)/bench/callee.wasm -o $@
$(B)/bench/callee_wasm.o: $(B)/bench/callee_wasm.c
	$(Q)$(CC) -O2 -w $(wasm2c_flags) -c $< -o $@
$(B)/bench/wasm-rt-impl.o: $(B)/bench/callee_wasm.c
	$(Q)$(CC) -O2 -w $(wasm2c_flags) -c $(wasm2c_runtime)/wasm-rt-impl.c -o $@

# The ladder's callee as a remote procedure: its stubs are made by rpcgen, whose output no warning option likes.
$(B)/bench/rpc_answer.h: bench/rpc/answer.x
	@mkdir -p $(@D)
	$(call say,rpcgen,$@)
	$(Q)cp $< $(B)/bench/rpc_answer.x
	$(Q)cd $(B)/bench && rm -f rpc_answer.h $(bench_rpc:%=rpc_answer_%.c) && rpcgen -N -M -l -o rpc_answer_client.c rpc_answer.x && \
		rpcgen -N -M -m -o rpc_answer_server.c rpc_answer.x && rpcgen -N -M -c -o rpc_answer_xdr.c rpc_answer.x && \
		rpcgen -N -M -h -o rpc_answer.h rpc_answer.x
$(bench_rpc:%=$(B)/bench/rpc_answer_%.o): $(B)/bench/rpc_answer_%.o: $(B)/bench/rpc_answer.h
	$(Q)$(CC) -O2 -w -isystem /usr/include/tirpc -c $(B)/bench/rpc_answer_$*.c -o $@
$(call object,bench/rpc.c): CFLAGS += -I$(B)/bench -isystem /usr/include/tirpc
$(call object,bench/rpc.c): $(B)/bench/rpc_answer.h

$(call object,bench/ladder.c): CFLAGS += -I$(B)/bench $(wasm2c_flags)
$(call object,bench/ladder.c): $(B)/bench/callee_wasm.c
bench_generated := $(bench_rpc:%=$(B)/bench/rpc_answer_%.o) $(B)/bench/callee_wasm.o $(B)/bench/wasm-rt-impl.o
$(B)/bench/porin-bench: $(call object,$(bench_sources)) \
		$(call object,bench/storage/stack.c) $(B)/bench/storage-native.o $(bench_generated) $(B)/lib/libporin.a
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lm -ltirpc $(LDLIBS)

CHECKS += bench
check-bench: $(B)/bin/porin $(bench_native) $(bench_domain)
	@bench/check $(B) $(bench_programs)

bench: packages
	@tools/install-packages tools/packages-bench.txt
	@$(MAKE) --no-print-directory $(all_jobs) $(bench_all)
	@$(B)/bench/porin-bench -b $(B) $(BENCH)
$(bench_parts:%=bench-%): bench-%: packages
	@tools/install-packages tools/packages-bench.txt
	@$(MAKE) --no-print-directory $(all_jobs) $(B)/bench/porin-bench $(bench_domains) $(bench_needs_$*)
	@$(B)/bench/porin-bench -b $(B) -o $* $(BENCH) $*
.PHONY: bench check-bench $(bench_parts:%=bench-%)

# Services: Redis, memcached, nginx and SQLite under load, as domains, natively with the same C library, and (where apt can fetch them) as
# Debian ships them. ROUNDS=3 by default.
bench_services := $(patsubst bench/services/%.c,$(B)/bench/services/%,$(wildcard bench/services/*.c))
$(bench_services:%=%.porin): $(B)/bench/services/%.porin: bench/services/%.c $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(Q)$(B)/bin/porin-cc -O2 $< -o $@
$(bench_services): $(B)/bench/services/%: bench/services/%.c $(B)/native/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc -O2 $< -o $@
# Debian's own binaries, unpacked and not installed, so that no service is started.
$(B)/debian/done:
	@mkdir -p $(@D)
	-$(Q)cd $(B)/debian && apt-get download -q redis-server redis-tools memcached nginx >/dev/null 2>&1; \
		for p in *.deb; do dpkg -x $$p . || true; done
	@touch $@
# Not in any package: built with the host's compiler and C library, from the same amalgamation.
$(B)/bench/glibc/sqlite-speedtest1: recipes/sqlite $(B)/work/sqlite-native.done
	@mkdir -p $(@D)
	$(call say,glibc,$@)
	$(Q). ./recipes/sqlite && cd $(B)/work/sqlite-native && \
		$(CC) -O2 $$features -I. test/speedtest1.c sqlite3.c -o $(abspath $@) -lm
bench-services: $(B)/bin/porin $(service_stamps) $(service_native_stamps) $(B)/work/sqlite-domain.done $(B)/work/sqlite-native.done \
		$(bench_services) $(bench_services:%=%.porin) $(B)/debian/done $(B)/bench/glibc/sqlite-speedtest1
	@bench/services.py $(B) $(or $(ROUNDS),3) $(PARTS)
.PHONY: bench-services
