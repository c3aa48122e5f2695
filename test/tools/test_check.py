#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/check counts every case, and nothing that fails can hide from it."""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

from loading import load_tool

check = load_tool("check")

CMOCKA = """\
[==========] Running 3 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
[  ERROR   ] --- 0x1 != 0x2
[   LINE   ] --- c.c:6: error: Failure!
[  FAILED  ] b
[ RUN      ] c
[  SKIPPED ] c
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] c

 1 SKIPPED TEST(S)
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] b

 1 FAILED TEST(S)
"""


class Counting(unittest.TestCase):
    def test_cmocka(self):
        self.assertEqual(check.count_cases(CMOCKA, False), (1, 1, 1))

    def test_two_groups_of_cmocka(self):
        self.assertEqual(check.count_cases(CMOCKA + CMOCKA, False), (2, 2, 2))

    def test_a_case_that_crashes_has_failed(self):
        self.assertEqual(check.count_cases("[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n", False), (1, 1, 0))
        self.assertEqual(check.count_cases("[ RUN      ] a\n[ RUN      ] b\n[       OK ] b\n", False), (1, 1, 0))

    def test_unittest(self):
        text = "....\n" + "-" * 70 + "\nRan 12 tests in 0.001s\n\n"
        self.assertEqual(check.count_cases(text + "OK\n", True), (12, 0, 0))
        self.assertEqual(check.count_cases(text + "OK (skipped=2)\n", True), (10, 0, 2))
        self.assertEqual(check.count_cases(text + "FAILED (failures=1, errors=2, skipped=3)\n", False), (6, 3, 3))

    def test_a_program_without_cases_is_one(self):
        self.assertEqual(check.count_cases("fine\n", True), (1, 0, 0))
        self.assertEqual(check.count_cases("not fine\n", False), (0, 1, 0))

    def test_all_cases_passed_but_the_program_failed(self):
        """As when the sanitizer finds a leak at the very end."""
        self.assertEqual(check.count_cases("[ RUN      ] a\n[       OK ] a\n", False), (1, 1, 0))


class Junit(unittest.TestCase):
    def read(self, cases):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "j.xml"
            path.write_text(f"<testsuite>{cases}</testsuite>")
            return check.read_junit(path, "")

    def one(self, status, inside=""):
        case = f'<testcase name="t" time="1.5" status="{status}">{inside}<system-out></system-out></testcase>'
        result = self.read(case)[0]
        return result.passed, result.failed, result.skipped

    def test_status(self):
        self.assertEqual(self.one("run"), (1, 0, 0))
        self.assertEqual(self.one("fail", "<failure message=''/>"), (0, 1, 0))
        self.assertEqual(self.one("disabled"), (0, 0, 1))
        self.assertEqual(self.one("notrun", "<skipped message='SKIP_RETURN_CODE=77'/>"), (0, 0, 1))

    def test_a_program_that_is_missing_has_failed(self):
        self.assertEqual(self.one("notrun", "<skipped message='Unable to find executable'/>"), (0, 1, 0))


class Ctest(unittest.TestCase):
    def run_ctest(self, *tests):
        """The results of a build with these (name, command) as its tests."""
        with tempfile.TemporaryDirectory() as folder:
            lines = [f"add_test({name} {command})" for name, command in tests]
            (Path(folder) / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n")
            return check.ctest(Path(folder), "san:", "-R", "^unit")

    def test_results(self):
        good, bad = self.run_ctest(("unit.a", "true"), ("unit.b", "false"), ("lab.c", "false"))
        self.assertEqual((good.name, good.passed, good.failed), ("san:unit.a", 1, 0))
        self.assertEqual((bad.name, bad.passed, bad.failed), ("san:unit.b", 0, 1))

    def test_a_selection_of_nothing_has_failed(self):
        results = self.run_ctest(("lab.c", "true"))
        self.assertEqual([(result.passed, result.failed) for result in results], [(0, 1)])


class Report(unittest.TestCase):
    def test_exit_status(self):
        quiet = unittest.mock.patch("builtins.print")
        with quiet as printed:
            self.assertEqual(check.report([check.Result("a", 2, 0, 0, 0.1)]), 0)
            self.assertEqual(printed.call_args.args, ("2 passed, 0 failed",))
            self.assertEqual(check.report([check.Result("a", 2, 1, 0, 0.1)]), 1)
            self.assertEqual(printed.call_args.args, ("2 passed, 1 failed",))

    def test_nothing_ran(self):
        with unittest.mock.patch("builtins.print"):
            self.assertEqual(check.report([]), 1)
            self.assertEqual(check.report([check.Result("a", 0, 0, 3, 0.1)]), 1)


if __name__ == "__main__":
    unittest.main()
