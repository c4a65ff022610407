# SPDX-License-Identifier: Apache-2.0
# Accept and reject cases are assembly, linked into the unit test. The enumeration compares every accepted form with Zydis and executes it.
CHECKS += enumerate
case_objects := $(call object,$(addprefix tests/verifier/,case_checks.c case_texts.S))
$(B)/tests/unit/verifier_test: $(case_objects)

enumerate_program := $(B)/tests/verifier/enumerate
enumerate_objects := $(call object,$(addprefix tests/verifier/,enumerate.c encodings.c oracle.c execute.c execute_entry.S))
$(enumerate_objects): CFLAGS += -mfsgsbase -mxsave
$(enumerate_objects): | $(B)/gen/verifier/tables.c
$(enumerate_program): $(enumerate_objects) $(B)/lib/libporin-verify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lZydis

# Some 250 million encodings. What is accepted of them is declared in accepted-set.txt, so that no change of it goes unseen;
# `make accepted-set` writes that file anew.
check-enumerate: $(enumerate_program)
	@$< --execute --summary $(B)/tests/verifier/accepted-set.txt
	@diff -u tests/verifier/accepted-set.txt $(B)/tests/verifier/accepted-set.txt || \
		{ echo "the accepted set changed: if that is meant, run make accepted-set and commit the difference"; exit 1; }
accepted-set: $(enumerate_program)
	$< --summary tests/verifier/accepted-set.txt

## make enumerate         the long run: billions of encodings, every accepted one executed
enumerate: $(enumerate_program)
	$< --long --execute
.PHONY: check-enumerate accepted-set enumerate

CHECKS += attack
attack_program := $(B)/tests/verifier/attack
attack_objects := $(call object,$(addprefix tests/verifier/,attack.c case_texts.S sequences.S))
$(attack_program): $(attack_objects) $(filter-out %/enumerate.o,$(enumerate_objects)) $(B)/lib/libporin-verify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lZydis
check-attack: $(attack_program)
	@$<
.PHONY: check-attack

# The verifier with checks that can be switched off and tables that can be written.
CHECKS += mutants
mutants_program := $(B)/tests/verifier/mutants
mutant_flags := -DPORIN_VERIFIER_MUTANTS
mutant_objects := $(patsubst %.c,$(B)/mutants/%.o,$(verifier_sources) $(addprefix tests/verifier/,mutants.c oracle.c encodings.c))
$(patsubst %.c,$(B)/mutants/%.o,$(verifier_sources)) $(B)/mutants/tables.o: mutant_flags += -Dconst=
$(B)/mutants/%.o: %.c $(B)/gen/verifier/tables.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(mutant_flags) -MMD -MP -c $< -o $@
$(B)/mutants/tables.o: $(B)/gen/verifier/tables.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(mutant_flags) -MMD -MP -c $< -o $@
$(mutants_program): $(mutant_objects) $(B)/mutants/tables.o $(case_objects) $(call object,tests/verifier/sequences.S)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lZydis
check-mutants: $(mutants_program)
	@$<
-include $(mutant_objects:.o=.d)
.PHONY: check-mutants

# The reference page is printed from the tables.
CHECKS += accepted-forms
page_program := $(B)/tools/accepted_forms
$(page_program): $(B)/obj/tools/accepted_forms.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^
accepted-forms: $(page_program)
	$< > doc/accepted-forms.md
check-accepted-forms: $(page_program)
	@$< | diff -u doc/accepted-forms.md - > $(B)/accepted-forms.diff && echo "doc/accepted-forms.md is up to date" || \
		{ head -20 $(B)/accepted-forms.diff; echo "doc/accepted-forms.md is out of date: run make accepted-forms"; exit 1; }
.PHONY: accepted-forms check-accepted-forms

# The fuzzer, and the same with a check switched off, which it must find. Crashes it finds become files in crashes/.
CHECKS += fuzz-verifier
fuzz_sources := $(verifier_sources) tests/verifier/fuzz_text.c tests/verifier/oracle.c
fuzz_flags := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Iinclude -Itrusted -Itrusted/tables -I$(B)/gen -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
fuzz_program := $(B)/tests/verifier/fuzz_text
canary_program := $(B)/tests/verifier/fuzz_canary
corpus_program := $(B)/tests/verifier/corpus
$(corpus_program): $(call object,tests/verifier/corpus.c tests/verifier/sequences.S) $(case_objects) $(B)/lib/libporin-verify.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^
$(fuzz_program): $(fuzz_sources) $(wildcard trusted/verifier/*.h tests/verifier/*.h trusted/tables/*) $(B)/gen/verifier/tables.c
	@mkdir -p $(@D)
	@clang $(fuzz_flags) -fsanitize=fuzzer -o $@ $(fuzz_sources) $(B)/gen/verifier/tables.c -lZydis
$(canary_program): $(fuzz_program)
	@clang $(fuzz_flags) -fsanitize=fuzzer -DPORIN_VERIFIER_MUTANTS -o $@ $(fuzz_sources) $(B)/gen/verifier/tables.c -lZydis
FUZZ_RUNS := 100000
fuzz_corpus := $(B)/tests/verifier/corpus.d
check-fuzz-verifier: $(fuzz_program) $(canary_program) $(corpus_program)
	@rm -rf $(fuzz_corpus) && mkdir -p $(fuzz_corpus) && $(corpus_program) $(fuzz_corpus)
	@set -- $(wildcard tests/verifier/crashes/*); [ $$# = 0 ] || $(fuzz_program) "$$@" > $(B)/fuzz.log 2>&1 || \
		{ tail -30 $(B)/fuzz.log; exit 1; }
	@$(fuzz_program) -seed=1 -runs=$(FUZZ_RUNS) -max_len=200 -artifact_prefix=$(B)/fuzz- $(fuzz_corpus) > $(B)/fuzz.log 2>&1 || \
		{ tail -30 $(B)/fuzz.log; echo "fuzz_text failed: keep the file it names in tests/verifier/crashes"; exit 1; }
	@for check in '!in_set(sets->bases, in->base)' '!in_set(allowed, number)' '!is_gate(s->input, place)' wrong; do \
		CANARY="$$check" $(canary_program) -seed=1 -runs=$(FUZZ_RUNS) -max_len=200 -artifact_prefix=$(B)/canary- $(fuzz_corpus) \
			> $(B)/canary.log 2>&1; grep -q "accepted, but" $(B)/canary.log || \
			{ echo "fuzz_text does not notice that the check $$check is off"; exit 1; }; done
	@echo "fuzz_text: $(FUZZ_RUNS) runs from $$(ls $(fuzz_corpus) | wc -l) files without complaint; 4 canaries found"

## make fuzz-verifier     texts to the verifier: SEED=1 RUNS=1000000; the corpus stays and grows
SEED ?= 1
RUNS ?= 1000000
fuzz-verifier: $(fuzz_program) $(corpus_program)
	@mkdir -p $(fuzz_corpus) && $(corpus_program) $(fuzz_corpus)
	@$(fuzz_program) -seed=$(SEED) -runs=$(RUNS) -max_len=200 -artifact_prefix=$(B)/fuzz- $(fuzz_corpus) > $(B)/fuzz.log 2>&1 || \
		{ tail -30 $(B)/fuzz.log; echo "fuzz_text failed: keep the file it names in tests/verifier/crashes"; exit 1; }
	@grep '^Done' $(B)/fuzz.log
.PHONY: check-fuzz-verifier fuzz-verifier

## make accepted-diff     BASE=<revision> [NEW=<revision>]: what the verifier accepts there and here, compared over the enumerated space
accepted-diff:
	@[ -n "$(BASE)" ] || { echo "usage: make accepted-diff BASE=<revision> [NEW=<revision>; else the working tree]"; exit 2; }
	@tests/verifier/accepted-diff $(BASE) $(NEW)
.PHONY: accepted-diff

CHECKS += verify-command
check-verify-command: $(B)/bin/porin
	@tests/verifier/check-command $(abspath $<) $(B)/tests/verifier/command $(abspath $(firstword $(wildcard $(B)/domains/*.porin)))
.PHONY: check-verify-command
