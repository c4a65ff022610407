# SPDX-License-Identifier: Apache-2.0
# make demo [PNG=file] [OUT=file] [SQL=query]: the main job, one host program and four domains.
PNG ?= demo/picture.png
OUT ?= $(B)/demo/out.png
demo_host := $(call object,$(addprefix demo/,demo.c part.c chart.c separate.c))
demo_images := $(addprefix $(B)/demo/,zlib.porin libpng.porin sqlite.porin caption.porin)
demo_cc = $(B)/bin/porin-cc -std=gnu11 -O2 -g -Wall -Wextra -Iinclude -Idemo

$(B)/demo/demo: $(demo_host) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(demo_images): $(wildcard demo/*.h) $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a | $(B)/demo/demo
$(B)/demo/zlib.porin: demo/stream.c $(B)/work/zlib-domain.done
	$(demo_cc) $< -lz -o $@
# libpng without zlib: what it calls of zlib is the stub, which calls the zlib domain.
$(B)/demo/libpng.porin: demo/picture.c demo/zlib_stub.c $(B)/work/libpng-domain.done
	$(demo_cc) demo/picture.c demo/zlib_stub.c -lpng16 -lm -o $@
$(B)/demo/sqlite.porin: demo/facts.c $(B)/work/sqlite-domain.done
	$(demo_cc) $< -lsqlite3 -lm -o $@
$(B)/demo/caption.porin: demo/caption.c
	$(demo_cc) $< -o $@

$(B)/demo/reference: demo/reference.c $(B)/work/libpng-native.done
	@mkdir -p $(@D)
	PORIN_NATIVE_SYSROOT=$(B)/native/sysroot tools/native-cc -std=gnu11 -O2 $< -lpng16 -lz -lm -o $@

CHECKS += demo
check-demo: $(B)/demo/demo $(demo_images) $(B)/demo/reference
	@demo/check $(B)

## demo              the main job: a PNG through libpng, zlib and SQLite in domains (PNG=file, OUT=file, SQL=query)
demo: $(B)/demo/demo $(demo_images)
	$(B)/demo/demo -i $(B)/demo -o $(OUT) $(if $(SQL),-q "$(SQL)") $(PNG)
.PHONY: demo check-demo
