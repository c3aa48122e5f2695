#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tools/floors lets through what doc/architecture.md allows, and nothing else."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from loading import TOOLS


class Floors(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name)
        self.build = self.root / "build"
        self.build.mkdir()
        self.archive("base", "int base(void) { return 1; }")

    def file(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def archive(self, name, text):
        """build/libNAME.a made of one C file."""
        source, made = self.build / f"{name}.c", self.build / f"{name}.o"
        source.write_text(text)
        subprocess.run(["cc", "-w", "-O0", "-c", source, "-o", made], check=True)
        subprocess.run(["ar", "rc", self.build / f"lib{name}.a", made], check=True)
        source.unlink()

    def floors(self):
        run = subprocess.run([sys.executable, TOOLS / "floors", self.build, self.root], capture_output=True, text=True)
        return run.returncode, run.stdout.splitlines()[:-1]

    def good(self):
        self.assertEqual(self.floors(), (0, []))

    def bad(self, *parts):
        status, lines = self.floors()
        self.assertEqual((status, len(lines)), (1, 1), lines)
        for part in parts:
            self.assertIn(part, lines[0])

    def test_what_is_allowed(self):
        self.file("src/base/a.h", "#include <stdint.h>\n")
        self.file("src/base/a.c", '#include "base/a.h"\n#include <openssl/evp.h>\n#include <arpa/inet.h>\n')
        self.file("src/proto/tlv/tlv.h", '#include "base/a.h"\n')
        self.file("src/proto/dncp/dncp.h", '#include "proto/tlv/tlv.h"\n')
        self.file("src/proto/hncp/hncp.c", '#include "proto/dncp/dncp.h"\n#include "limits.h"\n#include <string.h>\n')
        self.file("src/proto/hncp/limits.h", "")
        self.file("src/home/view.c", '#include "proto/hncp/hncp.h"\n#include "home/view.h"\n')
        self.file("src/sys/loop.c", '#include "home/view.h"\n#include <time.h>\n#include <event2/event.h>\n')
        self.file("src/hearthd/main.c", '#include "sys/loop.h"\n#include <unistd.h>\n')
        self.file("sim/net.c", '#include "home/view.h"\n')
        self.file("fuzz/tlv.c", '#include "proto/tlv/tlv.h"\n#include "sim/net.h"\n')
        self.file("test/unit/x.c", '#include "sys/loop.h"\n#include <time.h>\n')
        self.good()

    def test_a_higher_floor(self):
        self.file("src/base/a.c", '#include <stdio.h>\n#include "home/view.h"\n')
        self.bad("src/base/a.c:2:", "floor 2", "floor 0")

    def test_the_same_floor(self):
        self.file("src/hearth/a.c", '#include "hearthd/b.h"\n')
        self.bad("src/hearth/a.c:1:")

    def test_a_protocol_and_another(self):
        self.file("src/proto/pa/a.c", '#include "proto/dncp/dncp.h"\n')
        self.bad("src/proto/pa/a.c:1:", "one protocol includes another")

    def test_exceptions_hold_one_way_only(self):
        self.file("src/proto/dncp/a.c", '#include "proto/hncp/hncp.h"\n')
        self.bad("one protocol includes another")

    def test_sim_and_sys(self):
        self.file("sim/a.c", '#include "sys/loop.h"\n')
        self.bad("sim never includes sys")

    def test_system_headers_below_sys(self):
        for header in ("time.h", "sys/socket.h", "unistd.h", "fcntl.h", "sys/random.h", "netinet/in.h", "signal.h"):
            for folder in ("src/base", "src/proto/ra", "src/home"):
                with self.subTest(header=header, folder=folder):
                    self.file(f"{folder}/a.c", f"#include <{header}>\n")
                    self.bad(f"{folder}/a.c:1:", header)
                    (self.root / folder / "a.c").unlink()

    def test_headers_that_base_wraps(self):
        self.file("src/home/a.c", "#include <openssl/evp.h>\n")
        self.bad("openssl/evp.h")

    def test_unknown_header(self):
        self.file("src/home/a.c", '#include "elsewhere/b.h"\n')
        self.bad("no folder of the floors")

    def test_symbols_that_are_allowed(self):
        self.archive("proto_pa", "#include <stdlib.h>\n#include <string.h>\nint base(void);"
                                 "int pa(char *a) { free(malloc(3)); return strlen(a) + base() + memcmp(a, a, 3); }")
        self.archive("home", "int pa(char *); int home(void) { return pa(0); }")
        self.archive("sys", "#include <time.h>\nlong t(void) { return time(0); }")
        self.good()

    def test_symbols_that_are_not(self):
        for symbol in ("time", "clock_gettime", "rand", "getrandom", "arc4random", "open", "fopen", "socket", "read",
                       "printf", "puts", "getenv", "exit", "sleep", "localtime"):
            with self.subTest(symbol=symbol):
                self.archive("home", f"int {symbol}(); int home(void) {{ return {symbol}(); }}")
                self.bad("libhome.a(home.o)", f"needs {symbol}")

    def test_last_words_are_for_base_alone(self):
        text = "#include <stdio.h>\nvoid last(int n) { fprintf(stderr, \"%d\", n); }"
        self.archive("base", text)
        self.good()
        self.archive("home", text.replace("last", "other"))
        status, lines = self.floors()
        self.assertEqual(status, 1)
        self.assertEqual(len(lines), 2)

    def test_nothing_built(self):
        (self.build / "libbase.a").unlink()
        self.bad("no libbase.a")


if __name__ == "__main__":
    unittest.main()
