# SPDX-License-Identifier: Apache-2.0
# Accept and reject cases are assembly, linked into the unit test.
$(B)/tests/unit/verifier_test: $(B)/obj/tests/verifier/cases.o
