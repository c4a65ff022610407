#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second specification gives every case of cases.txt the verdict, offset and rule written there."""
import unittest

from cases import read_cases
from specification import verify_all


class Cases(unittest.TestCase):
    def test_every_case(self):
        cases = read_cases()
        self.assertGreater(len(cases), 300)
        for case, verdict in zip(cases, verify_all([case.code for case in cases])):
            with self.subTest(str(case)):
                self.assertEqual((case.accepted, case.offset), (verdict.accepted, verdict.offset), "%s %s" % (case.code.hex(" "), verdict))
                if not case.accepted:
                    self.assertEqual(case.rule, verdict.rule, "%s %s" % (case.code.hex(" "), verdict))


if __name__ == "__main__":
    unittest.main()
