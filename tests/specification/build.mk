# SPDX-License-Identifier: Apache-2.0
# The second specification: its own test, and the verifier compared with it.
CHECKS += specification
specification_batch := $(B)/tests/specification/verify_batch

$(specification_batch): $(call object,tests/specification/verify_batch.c) $(B)/lib/libporin-verify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^

# The seed is fixed; `tests/specification/fuzz_compare.py --seed S --count N` runs longer, --every-form enumerates opcodes and prefixes.
check-specification: $(specification_batch)
	@/usr/bin/python3 -B tests/specification/specification_test.py 2>$(B)/specification_test.log || \
		{ cat $(B)/specification_test.log; exit 1; }
	@/usr/bin/python3 -B tests/specification/compare.py --verifier $< --quiet $(wildcard $(B)/domains/*.porin)
	@/usr/bin/python3 -B tests/specification/fuzz_compare.py --verifier $< --pool $(B)/domains --seed 20240 --count 100000
.PHONY: check-specification
