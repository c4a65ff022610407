# SPDX-License-Identifier: Apache-2.0
# The version that `porin --version` prints stands in CHANGES.md.
$(B)/obj/commands/porin.o: CFLAGS += -DPORIN_VERSION='"$(shell sed -n 's/^\#\# *\([0-9][0-9.]*\).*/\1/p' CHANGES.md | head -n 1)"'
$(B)/obj/commands/porin.o: CHANGES.md
