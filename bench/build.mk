# SPDX-License-Identifier: Apache-2.0
# make bench [BENCH="options and parts of porin-bench"]: builds every program in its variants and runs porin-bench.
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
bench_all := $(B)/bin/porin $(B)/bench/porin-bench $(bench_native) $(bench_domain) $(bench_wasm) $(B)/bench/glibc/functions $(bench_domains)

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

$(bench_domains): $(B)/bench/domains/%.porin: bench/domains/%.c $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc -O2 -g -Iinclude $< -o $@

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

$(call object,bench/ladder.c): CFLAGS += -I$(B)/bench $(wasm2c_flags)
$(call object,bench/ladder.c): $(B)/bench/callee_wasm.c
$(B)/bench/porin-bench: $(call object,$(bench_sources)) $(B)/bench/callee_wasm.o $(B)/bench/wasm-rt-impl.o $(B)/lib/libporin.a
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lm $(LDLIBS)

CHECKS += bench
check-bench: $(B)/bin/porin $(bench_native) $(bench_domain)
	@bench/check $(B) $(bench_programs)

bench: packages
	@tools/install-packages tools/packages-bench.txt
	@$(MAKE) --no-print-directory $(all_jobs) $(bench_all)
	@$(B)/bench/porin-bench -b $(B) $(BENCH)
.PHONY: bench check-bench
