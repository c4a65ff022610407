# SPDX-License-Identifier: Apache-2.0
# make demo [PNG=file] [OUT=file] [SQL=query]: the main job, one host program and four domains.
PNG ?= demo/picture.png
OUT ?= $(B)/demo/out.png
demo_host := $(call object,$(addprefix demo/,demo.c part.c chart.c separate.c))
demo_images := $(addprefix $(B)/demo/,zlib.porin libpng.porin sqlite.porin caption.porin)
demo_cc = $(B)/bin/porin-cc -std=gnu11 -O2 -g -Wall -Wextra -Iinclude -Idemo -I.
# As many jobs as processors, unless whoever called make has said how many.
all_jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# The edges from libpng to zlib: imports and the table to bind them, from demo/stream.h.
$(B)/demo/stream_caller.c: demo/stream.h $(B)/bin/porin-bind
	@mkdir -p $(@D)
	$(call say,bind,demo/stream.h)
	$(Q)$(B)/bin/porin-bind --for-domains -n stream -o $(B)/demo demo/stream.h
$(B)/demo/stream_edges.o: $(B)/demo/stream_caller.c
	$(Q)$(CC) $(CFLAGS) -I. -c $(B)/demo/stream_edges.c -o $@
# The host's calls.
demo_bound := picture facts caption
$(demo_bound:%=$(B)/demo/%_host.c): $(B)/demo/%_host.c: demo/%.h $(B)/bin/porin-bind
	@mkdir -p $(@D)
	$(call say,bind,$<)
	$(Q)$(B)/bin/porin-bind --drop-in -n $* -o $(B)/demo $<
$(demo_bound:%=$(B)/demo/%_host.o): %.o: %.c
	$(Q)$(CC) $(CFLAGS) -I. -c $< -o $@
$(call object,demo/demo.c): CFLAGS += -I. -I$(B)/demo
$(call object,demo/demo.c): $(B)/demo/stream_caller.c $(demo_bound:%=$(B)/demo/%_host.c)

$(B)/demo/demo: $(B)/demo/stream_edges.o $(demo_bound:%=$(B)/demo/%_host.o) $(demo_host) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# Follows image data through the domains.
$(call object,demo/copies.c): CFLAGS += -I. -I$(B)/demo
$(call object,demo/copies.c): $(B)/demo/stream_caller.c $(B)/demo/picture_host.c
$(B)/demo/copies: $(B)/demo/stream_edges.o $(B)/demo/picture_host.o $(call object,demo/copies.c demo/part.c) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# libpng comes without zlib: what it calls of zlib is the stub, which calls the zlib domain.
$(B)/demo/zlib.porin: demo/stream.c $(B)/demo/stream_caller.c $(B)/work/zlib-domain.done
$(B)/demo/zlib.porin: demo_link = demo/stream.c $(B)/demo/stream_receiver.c $(B)/lib/libporin-stubs.a -lz
$(B)/demo/libpng.porin: $(B)/demo/picture_host.c demo/picture.c demo/zlib_stub.c $(B)/demo/stream_caller.c $(B)/work/libpng-domain.done
$(B)/demo/libpng.porin: demo_link = demo/picture.c demo/zlib_stub.c $(B)/demo/stream_caller.c $(B)/demo/picture_callee.c \
	$(B)/lib/libporin-stubs.a -lpng16 -lm
$(B)/demo/sqlite.porin: $(B)/demo/facts_host.c demo/facts.c $(B)/work/sqlite-domain.done
$(B)/demo/sqlite.porin: demo_link = demo/facts.c $(B)/demo/facts_callee.c -lsqlite3 -lm
$(B)/demo/caption.porin: $(B)/demo/caption_host.c demo/caption.c
$(B)/demo/caption.porin: demo_link = demo/caption.c $(B)/demo/caption_callee.c
$(demo_images): $(wildcard demo/*.h) $(B)/bin/porin-cc $(B)/lib/libporin-stubs.a $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(call say,domain,$@)
	$(Q)$(demo_cc) $(demo_link) -o $@

$(B)/demo/reference: demo/reference.c $(B)/work/libpng-native.done
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc -std=gnu11 -O2 $< -lpng16 -lz -lm -o $@

CHECKS += demo
check-demo: $(B)/demo/demo $(B)/demo/copies $(demo_images) $(B)/demo/reference
	@demo/check $(B)

demo: packages
	@$(MAKE) --no-print-directory $(all_jobs) $(B)/demo/demo $(demo_images)
	@echo
	@$(B)/demo/demo -i $(B)/demo -o "$(OUT)" $(if $(SQL),-q "$(SQL)") "$(PNG)"
.PHONY: demo check-demo
