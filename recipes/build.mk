# SPDX-License-Identifier: Apache-2.0
# One stamp for each recipe and kind: build/work/NAME-domain.done and build/work/NAME-native.done. Scripts find the build directory in $B.
export B
recipes := $(filter-out build.mk,$(notdir $(wildcard recipes/*)))
# Those that say so are services and what only they need: large, and built apart.
service_recipes := $(notdir $(shell grep -l '^service=yes' $(recipes:%=recipes/%)))
# Others are programs that are built when somebody asks for them.
program_recipes := $(notdir $(shell grep -l '^program=yes' $(recipes:%=recipes/%)))
library_recipes := $(filter-out $(service_recipes) $(program_recipes),$(recipes))
domain_stamps := $(library_recipes:%=$(B)/work/%-domain.done)
native_stamps := $(library_recipes:%=$(B)/work/%-native.done)
service_stamps := $(service_recipes:%=$(B)/work/%-domain.done)
service_native_stamps := $(service_recipes:%=$(B)/work/%-native.done)

# $(1) is a recipe, $(2) what it needs.
define recipe_rules
$(B)/work/$(1)-domain.done: recipes/$(1) tools/build $(B)/sysroot/lib/libc.a $(patsubst %,$(B)/work/%-domain.done,$(2))
	@tools/build $(1)
$(B)/work/$(1)-native.done: recipes/$(1) tools/build tools/native-cc $(B)/native/sysroot/lib/libc.a \
		$(patsubst %,$(B)/work/%-native.done,$(2))
	@tools/build --native $(1)
endef
$(foreach recipe,$(recipes),$(eval $(call recipe_rules,$(recipe),$(shell sed -n "s/^needs=//p" recipes/$(recipe) | tr -d "'\""))))

## domains           the recipes' libraries as domain images, their programs with them
domains: $(domain_stamps)
## natives           the same for the host, to compare with
natives: $(native_stamps)
## services          the recipes' services as domain images: Redis, memcached, nginx, busybox
services: $(service_stamps)
## native-services   the same for the host
native-services: $(service_native_stamps)
.PHONY: domains natives services native-services
