# SPDX-License-Identifier: Apache-2.0
# The compiler's runtime library for domains; it needs no libc and is part of the sysroot.
runtime_objects := $(patsubst %.c,$(B)/obj/domain/%.o,$(wildcard toolchain/runtime/*.c))

$(B)/obj/domain/toolchain/runtime/%.o: toolchain/runtime/%.c toolchain/runtime/wide.h $(call object,$(toolchain_sources)) \
		| $(B)/bin/porin-cc
	@mkdir -p $(@D)
	$(B)/bin/porin-cc -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -nostdlib -c $< -o $@

$(B)/sysroot/lib/libporin-rt.a: $(runtime_objects)
	@mkdir -p $(@D)
	rm -f $@ && ar rcs $@ $^
$(B)/sysroot/lib/libc.a: $(B)/sysroot/lib/libporin-rt.a

# So that domain code finds <porin/domain.h> and its like without an option.
$(B)/sysroot/include/porin: | include/porin
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/include/porin $@
all: $(B)/sysroot/include/porin

# What runs when an image file is executed by its name.
$(B)/sysroot/lib/porin-launch: toolchain/launcher/launcher.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -fPIE -ffreestanding -fno-stack-protector -nostdlib -static-pie -Wl,-z,noexecstack $< -o $@
$(B)/sysroot/lib/libc.a: $(B)/sysroot/lib/porin-launch
