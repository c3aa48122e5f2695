#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/tidy finds what it is there to find, in small bad trees, and nothing in a good one."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from loading import TOOLS

SPDX = "SPDX-License-Identifier: ISC"
HEADER = f"/* {SPDX} */\n"


class Tidy(unittest.TestCase):
    def tidy(self, name, text):
        """The exit status and the breaches of a tree of one file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.parent.mkdir(parents=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
            run = subprocess.run([sys.executable, TOOLS / "tidy", folder], capture_output=True, text=True)
        lines = run.stdout.splitlines()
        return run.returncode, [line for line in lines if not line.startswith("tidy:")]

    def good(self, name, text):
        self.assertEqual(self.tidy(name, text), (0, []))

    def bad(self, name, text, line, what):
        status, breaches = self.tidy(name, text)
        self.assertEqual(status, 1)
        self.assertEqual(len(breaches), 1, breaches)
        self.assertRegex(breaches[0], rf"^{name}:{line}: .*{what}.*: \S")

    def function(self, lines):
        """A function of that many lines from brace to brace."""
        return HEADER + "int f(void)\n{\n" + "\tg();\n" * (lines - 2) + "}\n"

    def test_good(self):
        self.good("src/a.c", HEADER + "int f(void)\n{\n\treturn 1;\n}\n")
        self.good("test/a.py", f"#!/usr/bin/env python3\n# {SPDX}\n")
        self.good("test/__init__.py", "")

    def test_function_length(self):
        self.good("src/a.c", self.function(70))
        self.bad("src/a.c", self.function(71), 3, "function of 71 lines")

    def test_the_second_of_two_functions(self):
        self.bad("src/a.c", self.function(70) + self.function(80).replace(HEADER, ""), 74, "function of 80 lines")

    def test_tables_are_no_functions(self):
        self.good("src/a.c", HEADER + "static const int t[] = {\n" + "\t1,\n" * 100 + "};\n")

    def test_file_length(self):
        self.good("src/a.c", HEADER + "int a;\n" * 999)
        self.bad("src/a.c", HEADER + "int a;\n" * 1000, 1001, "file of 1001 lines")

    def test_line_length(self):
        self.good("src/a.c", HEADER + "\t" + "a" * 112 + "\n")
        self.bad("src/a.c", HEADER + "\t" + "a" * 113 + "\n", 2, "121 columns")

    def test_spaces(self):
        self.bad("src/a.c", HEADER + "int a; \n", 2, "white space at the end")
        self.bad("src/a.c", HEADER + "int a;\r\n", 2, "carriage return")
        self.bad("tools/a.py", f"# {SPDX}\nif 1:\n\tpass\n", 3, "tab")
        self.bad("src/a.c", HEADER + "int a;", 2, "no line feed at the end")
        self.bad("src/a.c", HEADER + "int a;\n\n", 3, "empty line at the end")

    def test_licence(self):
        for name, text in (("src/a.h", "int a;\n"), ("tools/a.py", "pass\n"), ("tools/a.lua", "x = 1\n"),
                           ("tools/a", "#!/usr/bin/env python3\n"), ("tools/a.sh", "#!/bin/sh\n")):
            self.bad(name, text, 1, "no licence")
        self.bad("src/a.h", "\n" * 5 + HEADER, 1, "no licence")

    def test_typedef(self):
        self.good("src/a.h", HEADER + "typedef void fn(struct a *);\n")
        self.bad("src/a.h", HEADER + "typedef struct a a_t;\n", 2, "typedef")

    def test_paths_of_a_machine(self):
        for path in ("/wor" "k/x", "/ho" "me/me", "/ro" "ot/x"):
            self.bad("doc/a.md", f"see {path}\n", 1, "path of one machine")
            self.bad("test/a.py", f'# {SPDX}\nx = "{path}"\n', 2, "path of one machine")
        self.good("src/a.c", HEADER + '#include "src/ho' 'me/plan.h"\n')
        self.good("lab/a.py", f'# {SPDX}\nx = f"/proc/{{pid}}/ro' 'ot/proc"\n')

    def test_unfinished(self):
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            self.bad("src/a.c", HEADER + f"/* {word}: later */\n", 2, "unfinished")
        self.good("src/a.c", HEADER + '/* mkdtemp("aXX' 'XXXX") */\n')

    def test_no_sources(self):
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([sys.executable, TOOLS / "tidy", folder], capture_output=True)
        self.assertEqual(run.returncode, 1)


if __name__ == "__main__":
    unittest.main()
