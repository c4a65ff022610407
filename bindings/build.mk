# SPDX-License-Identifier: Apache-2.0
# Libraries of recipes/ bound by `porin bind` with the side files of this folder, as drop-in stubs: NAME.porin, the domain's image, and
# libNAME-bind.a for hosts. Public headers are copied, because a host cannot include what lies beside the domains' libc.
bindings := zlib sqlite png expat lua
zlib_recipe := zlib
zlib_headers := zlib.h zconf.h
zlib_link := -lz
sqlite_recipe := sqlite
sqlite_headers := sqlite3.h
sqlite_link := -lsqlite3 -lm
png_recipe := libpng
png_headers := png.h pngconf.h pnglibconf.h
png_link := -lpng16 -lz -lm
expat_recipe := expat
expat_headers := expat.h expat_external.h
expat_link := -lexpat
lua_recipe := lua
lua_headers := lauxlib.h lua.h luaconf.h lualib.h lua5.4-deb-multiarch.h
lua_include := <lauxlib.h>
lua_link := -llua -lm
bindings_at := $(B)/bindings
bound = $(bindings:%=$(bindings_at)/%.porin) $(bindings:%=$(bindings_at)/lib%-bind.a)

# $(1) is a binding.
define binding_rules
$(bindings_at)/$(1)_host.c: bindings/$(1).h $(B)/work/$($(1)_recipe)-domain.done $(B)/bin/porin-bind include/porin/bind.h
	@mkdir -p $(bindings_at)/include
	$$(call say,bind,$(1))
	$$(Q)cp $(addprefix $(B)/sysroot/include/,$($(1)_headers)) $(bindings_at)/include/
	$$(Q)$(B)/bin/porin-bind --drop-in -n $(1) -a $$< -o $(bindings_at) --include '<$(firstword $($(1)_headers))>' \
		$(bindings_at)/include/$(firstword $($(1)_headers))
$(bindings_at)/$(1)_host.o: $(bindings_at)/$(1)_host.c $(wildcard include/porin/*.h)
	$$(Q)$(CC) $(CFLAGS) -I$(bindings_at)/include -c $$< -o $$@
$(bindings_at)/lib$(1)-bind.a: $(bindings_at)/$(1)_host.o
	$$(Q)rm -f $$@ && ar rcs $$@ $$^
$(bindings_at)/$(1).porin: $(bindings_at)/$(1)_host.c $(B)/bin/porin-cc
	$(call say,domain,$(bindings_at)/$(1).porin)
	$$(Q)$(B)/bin/porin-cc -O2 -g -Wall -Wextra -Iinclude $(bindings_at)/$(1)_callee.c $($(1)_link) -o $$@
endef
$(foreach binding,$(bindings),$(eval $(call binding_rules,$(binding))))

# What the stubs between domains rest on (porin bind --for-domains): for images, with -lporin-stubs.
stubs_sources := $(wildcard bindings/domain/*.c) trusted/binding/frame.c trusted/binding/handle.c
stubs_objects := $(patsubst %.c,$(B)/obj/stubs/%.o,$(notdir $(stubs_sources)))
$(stubs_objects): $(B)/obj/stubs/%.o: $(wildcard include/porin/*) trusted/binding/binding_state.h $(stubs_sources) $(B)/bin/porin-cc \
		$(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(B)/bin/porin-cc -std=gnu11 -O2 -Wall -Wextra -Werror -Iinclude -I. -Itrusted/tables -c $(filter %/$*.c,$(stubs_sources)) -o $@
$(B)/lib/libporin-stubs.a: $(stubs_objects)
	$(Q)rm -f $@ && ar rcs $@ $^
all: $(B)/lib/libporin-stubs.a

## bindings          the libraries of bindings/ bound: domain images and stubs in build/bindings
bindings: $(bound)
.PHONY: bindings
