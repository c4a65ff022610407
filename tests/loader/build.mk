# SPDX-License-Identifier: Apache-2.0
# The loader's fuzzer, and the same with a check of the parser left out, which it must find. Crashes it finds become files in crashes/.
CHECKS += fuzz-loader
loader_fuzz := $(B)/tests/loader
loader_fuzz_cc = clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -Iinclude -Itrusted -Itrusted/tables -I$(B)/gen \
	-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
loader_fuzz_sources := tests/loader/fuzz_image.c trusted/loader/load.c trusted/loader/features.c trusted/slots/sealed.c \
	trusted/runtime/error.c trusted/lifecycle/plain.c $(verifier_sources)
loader_fuzz_objects := $(patsubst %.c,$(loader_fuzz)/obj/%.o,$(loader_fuzz_sources)) $(loader_fuzz)/obj/tables.o
loader_parser := trusted/loader/parse.c

$(loader_fuzz)/obj/%.o: %.c $(wildcard trusted/*/*.h trusted/tables/* include/porin/*)
	@mkdir -p $(@D)
	@$(loader_fuzz_cc) -c -o $@ $<
$(loader_fuzz)/obj/tables.o: $(B)/gen/verifier/tables.c
	@mkdir -p $(@D)
	@$(loader_fuzz_cc) -c -o $@ $<
$(loader_fuzz)/fuzz_image: $(loader_fuzz)/obj/$(loader_parser:.c=.o) $(loader_fuzz_objects)
	@clang -fsanitize=address,undefined,fuzzer -o $@ $^
$(loader_fuzz)/corpus: $(B)/obj/tests/loader/corpus.o
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -o $@ $^
$(B)/obj/tests/loader/corpus.o: CFLAGS += -Itests/unit

# The checks left out, as the condition that is replaced by false.
loader_canaries := 'header->p_filesz > header->p_memsz' '!reader_has(file, header->p_offset, header->p_filesz)' \
	'segments_overlap(&out->constants, &out->data)' '!text_has_label(file, out, symbol.offset)' 'taken[gate / 64] >> gate % 64 & 1'
check-fuzz-loader: $(loader_fuzz)/fuzz_image $(loader_fuzz)/corpus
	@rm -rf $(loader_fuzz)/corpus.d
	@tests/loader/fuzz $(loader_fuzz) 1 10000 $(wildcard tests/loader/crashes/* $(B)/domains/*.porin)
	@found=0; for check in $(loader_canaries); do \
		CHECK="$$check" perl -pe 's/\Q$$ENV{CHECK}\E/false/' $(loader_parser) > $(loader_fuzz)/parse.c; \
		! cmp -s $(loader_parser) $(loader_fuzz)/parse.c || { echo "no such check in the parser: $$check"; exit 1; }; \
		$(loader_fuzz_cc) -w -Itrusted/loader -c -o $(loader_fuzz)/parse.o $(loader_fuzz)/parse.c && \
		clang -fsanitize=address,undefined,fuzzer -o $(loader_fuzz)/canary $(loader_fuzz)/parse.o $(loader_fuzz_objects) || exit 1; \
		! PARSE_ONLY=1 $(loader_fuzz)/canary -seed=1 -runs=1000000 -max_len=32768 -artifact_prefix=$(loader_fuzz)/canary- \
			$(loader_fuzz)/corpus.d > $(loader_fuzz)/canary.log 2>&1 || \
			{ echo "fuzz_image does not notice that the check $$check is left out"; exit 1; }; \
		found=$$((found + 1)); done; \
	echo "fuzz_image: 10000 runs and $(words $(wildcard $(B)/domains/*.porin)) real images without complaint; $$found canaries found"

## make fuzz-loader       images to the loader: SEED=1 RUNS=1000000
SEED ?= 1
RUNS ?= 1000000
fuzz-loader: $(loader_fuzz)/fuzz_image $(loader_fuzz)/corpus
	@tests/loader/fuzz $(loader_fuzz) $(SEED) $(RUNS) $(wildcard tests/loader/crashes/*)
.PHONY: check-fuzz-loader fuzz-loader
