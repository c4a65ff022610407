# SPDX-License-Identifier: Apache-2.0
# The libc of domains, and the same libc for the host to compare with. What porin-cc emits depends on its own objects; the verifier in it
# only says yes or no, so a change of the verifier is no reason to compile everything again.
libc_overlay := $(shell find domain -type f)
$(B)/sysroot/lib/libc.a: $(call object,$(toolchain_sources)) $(libc_overlay) | $(B)/bin/porin-cc
	@domain/build-libc domain $(B)/sysroot

$(B)/native/sysroot/lib/libc.a: domain/build-libc $(wildcard domain/string/* domain/malloc/*)
	@domain/build-libc native $(B)/native/sysroot

## sysroot           the C library for domains (musl, compiled with porin-cc)
sysroot: $(B)/sysroot/lib/libc.a
## native-sysroot    the same C library for the host
native-sysroot: $(B)/native/sysroot/lib/libc.a
.PHONY: sysroot native-sysroot
