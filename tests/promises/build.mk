# SPDX-License-Identifier: Apache-2.0
# The trusted code broken on purpose, one place at a time, and the tests beside the promises of SECURITY.md, which have to notice. The short
# form looks whether the table of breakages fits the tree.
CHECKS += promises
check-promises:
	@tests/promises/promises --table
## promises          breaks the trusted code on purpose and runs the tests that must notice (an hour or two): WHICH="26 authority" for some
promises: all
	@tests/promises/promises $(WHICH)
.PHONY: check-promises promises
