# SPDX-License-Identifier: Apache-2.0
# Porin's build; `make help` lists the targets. Everything lands in build/.
## make demo [PNG=file]   the main job: one host program, libpng, zlib and SQLite as domains
## make check             all tests (installs missing Debian packages as root or with sudo)
## make bench             the measurements, each bar beside its figure
## make all               build/bin/porin, build/bin/porin-cc, build/lib
## make domains           the libraries of recipes/ as domain images in build/domains
## make tidy              the project's own lint
## make install           PREFIX=/usr/local DESTDIR=
## make clean             removes build/
B := build
CC := gcc
CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -fno-strict-aliasing -fstack-protector-strong -Iinclude -Itrusted -Itrusted/tables -I$(B)/gen
LDFLAGS := -Wl,-z,relro,-z,now
LDLIBS := -lpthread
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
CHECKS :=

# V=1 shows the commands.
Q := $(if $(V),,@)
say = @printf '%-8s %s\n' '$(1)' '$(2)'
object = $(patsubst %,$(B)/obj/%.o,$(basename $(1)))
trusted_sources := $(wildcard trusted/*/*.c trusted/*/*.S)
verifier_sources := $(wildcard trusted/verifier/*.c)
toolchain_sources := $(wildcard toolchain/*.c)
command_sources := $(wildcard commands/*.c)
unit_sources := $(wildcard tests/unit/*_test.c)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

$(B)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@.$$$$ && mv -f $@.$$$$ $@

$(B)/lib/libporin.a: $(call object,$(trusted_sources))
$(B)/lib/libporin-verify.a: $(call object,$(verifier_sources))
$(B)/lib/%.a:
	@mkdir -p $(@D)
	$(call say,archive,$@)
	$(Q)rm -f $@.$$$$ && ar rcs $@.$$$$ $^ && mv -f $@.$$$$ $@

$(B)/bin/porin: $(call object,$(command_sources)) $(B)/lib/libporin.a
$(B)/bin/porin-cc: $(call object,$(toolchain_sources)) $(B)/lib/libporin-verify.a
$(B)/bin/porin: LDLIBS += -lseccomp -lyaml -lm
$(B)/bin/porin $(B)/bin/porin-cc:
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@.$$$$ $^ $(LDLIBS) && mv -f $@.$$$$ $@

$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(filter-out $(B)/obj/toolchain/main.o,$(call object,$(toolchain_sources))) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@.$$$$ $^ -lcmocka $(LDLIBS) && mv -f $@.$$$$ $@

$(B)/tests/unit/policy_test: $(B)/obj/tests/unit/policy_code.o

all: $(B)/bin/porin $(B)/bin/porin-cc $(B)/lib/libporin.a $(B)/lib/libporin-verify.a

# Recipes first: the others need the names of what they build.
include recipes/build.mk $(filter-out recipes/build.mk,$(wildcard build.mk */build.mk */*/build.mk))
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# Checks are cheap parts first; each build.mk adds its own.
CHECKS := tidy unit sanitize tsan $(filter-out tidy unit sanitize tsan,$(CHECKS))
units := $(patsubst %.c,$(B)/%,$(unit_sources))
check-unit: $(units)
	@for unit in $(units); do echo "== $$unit"; timeout 300 $$unit || exit 1; done; echo "$(words $(units)) unit test programs passed"

# The trusted parts once more, watched by the compiler's sanitizers.
check-sanitize:
	@$(MAKE) --no-print-directory B=$(B)/sanitize CFLAGS="$(subst $(B)/gen,$(B)/sanitize/gen,$(filter-out -Werror,$(CFLAGS))) \
		-O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all" check-unit

# Where threads meet in C: ThreadSanitizer cannot follow a thread into domains, whose gates know nothing of it, nor see the memory
# barrier that grace rests on; storms (check-storm) are for that. What meets by locks and atomics it sees.
# Not those in which a thread is asked while it waits for a lock: ThreadSanitizer holds signals back until a system call.
tsan_units := authority authority_model personality_process personality_local personality_local_attack \
              personality_local_rights personality_local_storm
check-tsan:
	@$(MAKE) --no-print-directory B=$(B)/tsan CFLAGS="$(subst $(B)/gen,$(B)/tsan/gen,$(filter-out -Werror,$(CFLAGS))) \
		-O1 -fno-omit-frame-pointer -fsanitize=thread" $(patsubst %,$(B)/tsan/tests/unit/%_test,$(tsan_units))
	@for unit in $(tsan_units); do TSAN_OPTIONS=halt_on_error=1:suppressions=tests/unit/tsan.supp timeout 300 $(B)/tsan/tests/unit/$${unit}_test || exit 1; done

check-tidy tidy:
	@tools/tidy

check: packages
	@$(MAKE) --no-print-directory all
	@MAKE="$(MAKE)" tools/run-checks $(CHECKS)

packages:
	@tools/install-packages

PREFIX := /usr/local
install: all
	tools/install "$(DESTDIR)" "$(PREFIX)"

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

clean:
	rm -rf $(B)
.PHONY: all check check-unit check-sanitize check-tsan check-tidy tidy packages install help clean
