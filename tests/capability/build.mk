# SPDX-License-Identifier: Apache-2.0
# Capabilities from end to end, the domain compiled at every level of optimisation.
CHECKS += capability
capability := $(B)/tests/capability
capability_users := $(foreach level,0 1 2 3 s,$(capability)/user_O$(level))
$(capability)/user_O%: tests/capability/domain/user.c tests/capability/program.h include/porin/capability.h include/porin/domain.h \
		$(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(B)/bin/porin-cc -std=gnu11 -O$* -Wall -Wextra -Iinclude $< -o $@

$(capability)/rights_test: $(call object,tests/capability/rights_test.c) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

$(capability)/model_test: $(call object,tests/capability/model_test.c) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(capability)/window: tests/capability/domain/window.c include/porin/window.h include/porin/domain.h \
		$(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@mkdir -p $(@D)
	$(B)/bin/porin-cc -std=gnu11 -O2 -Wall -Wextra -Iinclude $< -o $@

$(capability)/window_test: $(call object,tests/capability/window_test.c) $(B)/lib/libporin.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

check-capability: $(capability)/rights_test $(capability)/model_test $(capability_users) $(capability)/window_test $(capability)/window
	@timeout 300 $(capability)/window_test $(capability)/window $(capability)/user_O2 2>&1
	@for user in $(capability_users); do echo "== $$user"; timeout 300 $< $$user 2>&1 && \
		timeout 300 $(capability)/model_test $$user || exit 1; done
.PHONY: check-capability
