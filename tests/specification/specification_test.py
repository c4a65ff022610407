#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The second specification gives every case of cases.txt the verdict, offset and rule written there; the comparison notices lies."""
import struct
import unittest
from unittest import mock

import agreement
from cases import assemble, read_cases
from specification import IMAGE_BASE, IMPORT_GATES, read_image_bytes, verify_all


class Cases(unittest.TestCase):
    def test_every_case(self):
        cases = read_cases()
        self.assertGreater(len(cases), 1000)
        for case, verdict in zip(cases, verify_all([case.code for case in cases])):
            with self.subTest(str(case)):
                self.assertEqual((case.accepted, case.offset), (verdict.accepted, verdict.offset), "%s %s" % (case.code.hex(" "), verdict))
                if not case.accepted:
                    self.assertEqual(case.rule, verdict.rule, "%s %s" % (case.code.hex(" "), verdict))

    def test_order_in_batch(self):
        """Neighbours in one disassembler run do not change a verdict, whatever stands at their ends."""
        codes = [case.code for case in read_cases()][:400]
        forward, backward = [[verdict[:3] for verdict in verify_all(order)] for order in (codes, codes[::-1])]
        self.assertEqual(forward, backward[::-1])

    def test_import_gates(self):
        near, far = assemble(["call text-0x20000; ret", "call text-0x20000+512; ret"])
        self.assertEqual([False, False], [verdict.accepted for verdict in verify_all([near, far])])
        self.assertEqual([True, False], [verdict.accepted for verdict in verify_all([near, far], [IMPORT_GATES])])


class Agreement(unittest.TestCase):
    CODE = [b"\xc3", b"\x8b\x00\xc3"]

    def compared(self, verdicts, **options):
        with mock.patch.object(agreement, "verifier_verdicts", lambda *_: verdicts):
            return len(agreement.disagreements(self.CODE, **options)[1])

    def test_lies_are_noticed(self):
        accept, refuse = (True, None, 0, "accept 0"), (False, 0, 0, "refuse 0 memory-base")
        self.assertEqual(0, self.compared([accept, refuse], offsets=True))
        self.assertEqual(2, self.compared([refuse, accept]))
        self.assertEqual(1, self.compared([(True, None, 1, "accept 1"), refuse]))
        self.assertEqual(1, self.compared([accept, (False, 2, 0, "refuse 0x2 memory-base")], offsets=True))


class Images(unittest.TestCase):
    @staticmethod
    def image(text, imports, address=IMAGE_BASE, flags=5):
        note = struct.pack("<III8s16I", 6, 64, 1, b"Porin", 1, 0, 0, 0, 0, 0, imports * 64, *[0] * 9)
        header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
        at = 64 + 2 * 56
        segments = struct.pack("<IIQQQQQQ", 1, flags, at, address, 0, len(text), len(text), 4096)
        segments += struct.pack("<IIQQQQQQ", 4, 4, at + len(text), 0, 0, len(note), len(note), 4)
        return header + segments + text + note

    def test_text_and_imports(self):
        self.assertEqual((b"\xc3", [IMPORT_GATES, IMPORT_GATES + 512]), read_image_bytes(self.image(b"\xc3", 2)))

    def test_bad_images(self):
        whole = self.image(b"\xc3", 0)
        for data in (whole[:6], b"", whole[:100], self.image(b"\xc3", 0, flags=7), self.image(b"\xc3", 0, address=0)):
            with self.assertRaises((ValueError, struct.error)):
                read_image_bytes(data)


if __name__ == "__main__":
    unittest.main()
