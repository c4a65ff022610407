# SPDX-License-Identifier: Apache-2.0
# One stamp for each recipe and kind: build/work/NAME-domain.done and build/work/NAME-native.done. Scripts find the build directory in $B.
export B
recipes := $(filter-out build.mk,$(notdir $(wildcard recipes/*)))
domain_stamps := $(recipes:%=$(B)/work/%-domain.done)
native_stamps := $(recipes:%=$(B)/work/%-native.done)

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
.PHONY: domains natives
