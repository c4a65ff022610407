# SPDX-License-Identifier: Apache-2.0
# dIPC's three tiers (doc/tiers.md): one source, linked as one program, as programs behind sockets, as domains with entries.
# make check-tiers: all of them print the same pages. make bench-tiers [ROUNDS=5] [TIERS="options"]: behind nginx, under load.
tiers := $(B)/bench/tiers
tiers_options := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Iinclude -Ibench/tiers -I$(tiers)
tiers_sources := $(basename $(notdir $(wildcard bench/tiers/*.c)))
tiers_stubs := application_caller application_receiver database_caller database_receiver
tiers_native := $(tiers_sources:%=$(tiers)/native/%.o)
tiers_domain := $(addprefix $(tiers)/domain/,$(addsuffix .o,$(tiers_sources) $(tiers_stubs)))
tiers_nginx_libraries := -lpcre2-8 -lz -lcrypt -lsqlite3 -lm

# The parts of each program. One program, direct: all of it. Sockets: _server and _client. Entries: _take and _lend with the stubs.
tiers_one := application database
tiers_web_of_entries := application_lend application_caller
tiers_programs := print application_server database_server print_client
tiers_print := print requests $(tiers_one)
tiers_print_client := print requests application_client wire
tiers_application_server := application_server application database_client wire
tiers_database_server := database_server database wire
tiers_print_entries := print requests $(tiers_web_of_entries)
tiers_application_entries := application_take application application_receiver database_lend database_caller
tiers_database_entries := database_take database database_receiver
tiers_small := $(tiers_programs:%=$(tiers)/%) $(addprefix $(tiers)/,$(addsuffix .porin,$(tiers_programs) print_entries \
	application_entries database_entries))

$(tiers)/%_caller.c $(tiers)/%_receiver.c: bench/tiers/%_entry.h $(B)/bin/porin-bind include/porin/bind.h
	@mkdir -p $(@D)
	$(call say,bind,$*)
	$(Q)$(B)/bin/porin-bind --for-domains -n $* -o $(tiers) --include '"$*_entry.h"' $<
$(tiers_native): $(tiers)/native/%.o: bench/tiers/%.c $(wildcard bench/tiers/*.h bench/tiers/*.def) $(B)/work/sqlite-native.done
	@mkdir -p $(@D)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc $(tiers_options) -c $< -o $@
$(tiers_domain): $(wildcard bench/tiers/*.h bench/tiers/*.def include/porin/*.h) $(B)/work/sqlite-domain.done $(B)/bin/porin-cc
$(tiers)/domain/%.o: bench/tiers/%.c
	@mkdir -p $(@D)
	$(Q)$(B)/bin/porin-cc $(tiers_options) -c $< -o $@
$(tiers)/domain/%.o: $(tiers)/%.c
	@mkdir -p $(@D)
	$(Q)$(B)/bin/porin-cc $(tiers_options) -c $< -o $@

# $(1): the objects of a program's parts for a kind; entries are libraries or use the stubs' own.
tiers_objects = $(patsubst %,$(tiers)/$(1)/%.o,$(tiers_$(2)))
define tiers_rules
$(tiers)/$(1): $(call tiers_objects,native,$(1))
	$$(call say,native,$$@)
	$$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc $$^ -lsqlite3 -lm -o $$@
endef
$(foreach program,$(tiers_programs),$(eval $(call tiers_rules,$(program))))
define tiers_domain_rules
$(tiers)/$(1).porin: $(call tiers_objects,domain,$(1)) $(B)/lib/libporin-stubs.a
	$$(call say,domain,$$@)
	$$(Q)$(B)/bin/porin-cc $$^ -lsqlite3 -lm -o $$@
endef
$(foreach program,$(tiers_programs) print_entries application_entries database_entries,$(eval $(call tiers_domain_rules,$(program))))

# nginx with the application linked in, as one program and as a domain, and with the stubs of an application in another domain.
nginx_page := $(B)/work/nginx-page
$(nginx_page)-domain.done: $(B)/work/pcre2-domain.done $(B)/work/zlib-domain.done $(B)/sysroot/lib/libc.a
$(nginx_page)-native.done: $(B)/work/pcre2-native.done $(B)/work/zlib-native.done tools/native-cc $(B)/native/sysroot/lib/libc.a
$(nginx_page)-domain.done $(nginx_page)-native.done: bench/tiers/nginx-page recipes/nginx $(wildcard bench/tiers/nginx/*) \
		bench/tiers/tiers.h tools/build
	@tools/build $(if $(findstring native,$@),--native) bench/tiers/nginx-page
$(tiers)/nginx_one: $(nginx_page)-native.done $(patsubst %,$(tiers)/native/%.o,$(tiers_one))
	$(call say,native,$@)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc $(nginx_page)-native/objs/libnginx.a $(filter %.o,$^) \
		$(tiers_nginx_libraries) -o $@
$(tiers)/nginx_one.porin: $(patsubst %,$(tiers)/domain/%.o,$(tiers_one))
$(tiers)/nginx_entries.porin: $(patsubst %,$(tiers)/domain/%.o,$(tiers_web_of_entries)) $(B)/lib/libporin-stubs.a
$(tiers)/nginx_one.porin $(tiers)/nginx_entries.porin: $(nginx_page)-domain.done
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc $(nginx_page)-domain/objs/libnginx.a $(filter %.o %.a,$^) $(tiers_nginx_libraries) -o $@
tiers_large := $(tiers)/nginx_one $(tiers)/nginx_one.porin $(tiers)/nginx_entries.porin

CHECKS += tiers
check-tiers: $(tiers_small) $(B)/bin/porin
	@timeout 120 bench/tiers/check $(B)

bench-tiers: packages
	@tools/install-packages tools/packages-bench.txt
	@$(MAKE) --no-print-directory $(all_jobs) $(tiers_small) $(tiers_large) $(B)/work/nginx-native.done $(B)/work/nginx-domain.done
	@bench/tiers/bench.py $(B) -n $(or $(ROUNDS),5) $(TIERS)
.PHONY: check-tiers bench-tiers
