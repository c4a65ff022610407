# SPDX-License-Identifier: Apache-2.0
# Stack files: what they say, and services that run by them; their manual page against the tables of keys.
CHECKS += stack stack-page stack-nginx

check-stack: $(B)/bin/porin $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a
	@timeout 120 tests/stack/check $(B)

check-stack-nginx: $(B)/bin/porin $(B)/bin/porin-cc $(B)/sysroot/lib/libc.a $(B)/work/nginx-domain.done
	@timeout 120 tests/stack/nginx $(B)

$(B)/tests/stack/stack_page: tests/stack/stack_page.c $(wildcard commands/*.def)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -I. -o $@ $<

stack-page: $(B)/tests/stack/stack_page
	$< > doc/man/porin-stack.5

check-stack-page: $(B)/tests/stack/stack_page
	@$< | diff doc/man/porin-stack.5 - || { echo "doc/man/porin-stack.5 is not what its tables say: run make stack-page"; exit 1; }
	@echo "doc/man/porin-stack.5 is up to date"

.PHONY: check-stack stack-page check-stack-page check-stack-nginx
