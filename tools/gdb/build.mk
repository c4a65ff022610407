# SPDX-License-Identifier: Apache-2.0
# What gdb needs to see domains: doc/debugging.md.
gdb_files := $(B)/gdb/porin.py $(B)/gdb/gates.debug
all: $(gdb_files)
$(B)/gdb/porin.py: tools/gdb/porin.py
	@mkdir -p $(@D)
	cp $< $@
$(B)/gdb/gates.debug: tools/gdb/gates.c trusted/tables/layout.h
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -fcf-protection=none -fno-asynchronous-unwind-tables -ffreestanding -Itrusted/tables -c $< -o $@.o
	$(Q)$(LD) -Ttext=0x100000 -e crossing $@.o -o $@.elf
	$(Q)objcopy --only-keep-debug $@.elf $@ && rm -f $@.o $@.elf
