"""The client describes the machine beside the journal, and disturbs nothing."""

import json
import unittest

from testing import InFolder

from bestmark.usage import Sampler, gpu_values


class OfAMachine(InFolder):
    def test_a_run_has_its_setup_and_samples_beside_its_journal(self) -> None:
        ran = self.program(
            "import time\n"
            "from pathlib import Path\n"
            "from bestmark import machine\n"
            "machine.FIRST = machine.EVERY = 0.05\n"
            "bestmark.init('run')\n"
            "held = bytearray(64 << 20)\n"
            "ends = time.time() + 100\n"
            "def text(name):\n"
            "    path = Path('run', name)\n"
            "    return path.read_text() if path.exists() else ''\n"
            "def is_described():\n"
            "    samples = text('bestmark-usage.jsonl').count('\\n')\n"
            "    return samples > 9 and 'packages' in text('bestmark-setup.json')\n"
            "while time.time() < ends and not is_described(): pass", BESTMARK_MACHINE="on")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        run = self.folder / "run"
        environment = json.loads((run / "bestmark-setup.json").read_text())["environment"]
        self.assertIn("host", environment)
        self.assertRegex(environment["python"], r"^3\.")
        self.assertIsInstance(environment["packages"], dict)
        samples = [json.loads(line) for line in (run / "bestmark-usage.jsonl").read_text().splitlines()]
        self.assertGreater(max(one["used"]["system/memory_gib"] for one in samples), 64 / 1024)
        self.assertGreater(max(one["used"]["system/cpu_percent"] for one in samples), 0)
        self.path = run / "journal.jsonl"
        self.assertEqual([one["type"] for one in self.events()], ["started", "ended"])

    def test_under_bestmark_run_the_client_writes_no_setup(self) -> None:
        self.program("bestmark.init()", BESTMARK_MACHINE="on", BESTMARK_RUN_FOLDER=str(self.folder))
        self.assertEqual([one.name for one in self.folder.iterdir()], ["journal.jsonl"])

    def test_a_folder_that_is_removed_gets_no_samples(self) -> None:
        ran = self.program(
            "import os, shutil, time\n"
            "from bestmark import machine\n"
            "machine.FIRST = machine.EVERY = 0.01\n"
            "bestmark.init('run')\n"
            "shutil.rmtree('run')\n"
            "os.mkdir('run')\n"
            "time.sleep(0.3)\n"
            "print(os.listdir('run'))", BESTMARK_MACHINE="on")
        self.assertEqual((ran.returncode, ran.stdout), (0, "[]\n"), ran.stderr)

    def test_each_gpu_has_its_load_and_memory(self) -> None:
        self.assertEqual(gpu_values("0, 93, 40960\n1, [N/A], 12\n"),
                         {"system/gpu0_percent": 93, "system/gpu0_memory_gib": 40})

    def test_a_process_that_does_not_exist_has_no_values(self) -> None:
        self.assertEqual(Sampler(1 << 30).sample(), {})


if __name__ == "__main__":
    unittest.main()
