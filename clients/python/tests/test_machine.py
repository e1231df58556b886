"""The client describes the machine in its journal, and disturbs nothing."""

import json
import unittest

from testing import InFolder

from bestmark.usage import Sampler, gpu_values


class OfAMachine(InFolder):
    def test_a_run_has_its_setup_and_usage_in_its_journal(self) -> None:
        ran = self.program(
            "import time\n"
            "from pathlib import Path\n"
            "from bestmark import machine\n"
            "machine.FIRST = machine.EVERY = 0.05\n"
            "bestmark.init('.')\n"
            "held = bytearray(64 << 20)\n"
            "ends = time.time() + 100\n"
            "def is_described():\n"
            "    text = Path('journal.jsonl').read_text()\n"
            "    return text.count('\"usage\"') > 9 and 'packages' in text\n"
            "while time.time() < ends and not is_described(): pass", BESTMARK_MACHINE="on")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        events = self.events()
        self.assertEqual([one["type"] for one in events[:2]], ["started", "setup"])
        self.assertEqual(events[-1]["type"], "ended")
        environment = [one["environment"] for one in self.events("setup")]
        self.assertIn("host", environment[0])
        self.assertRegex(environment[0]["python"], r"^3\.")
        self.assertIsInstance(environment[-1]["packages"], dict)
        used = [one["used"] for one in self.events("usage")]
        self.assertGreater(max(one["system/memory_gib"] for one in used), 64 / 1024)
        self.assertGreater(max(one["system/cpu_percent"] for one in used), 0)

    def test_nothing_is_sampled_after_the_end_of_a_run(self) -> None:
        self.program(
            "import time\n"
            "from bestmark import machine\n"
            "machine.FIRST = machine.EVERY = 0.001\n"
            "for run in range(20):\n"
            "    bestmark.init('.')\n"
            "    time.sleep(0.02)\n"
            "    bestmark.finish()\n"
            "time.sleep(0.1)", BESTMARK_MACHINE="on")
        types = [one["type"] for one in self.events()]
        after = {types[index + 1] for index, one in enumerate(types[:-1]) if one == "ended"}
        self.assertEqual((after, types[-1]), ({"started"}, "ended"))

    def test_a_task_of_a_slurm_array_has_its_numbers_and_its_name(self) -> None:
        task = {"SLURM_JOB_ID": "19", "SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "7",
                "SLURM_JOB_NAME": "train.sh", "SLURM_RESTART_COUNT": "1"}
        ran = self.program(
            "from bestmark.machine import environment_now\n"
            "import json\n"
            "print(json.dumps(environment_now()['slurm']))\n"
            "bestmark.init('.')", **task)
        slurm = json.loads(ran.stdout)
        self.assertEqual((slurm["job_id"], slurm["array_job_id"], slurm["array_task_id"]), ("19", "17", 7))
        self.assertEqual((slurm["restart_count"], slurm["is_whole_job"]), (1, False))
        self.path = self.folder / "journal.jsonl"
        self.assertEqual(self.events()[0]["name"], "train_7")

    def test_a_step_of_srun_is_only_this_run_if_its_tasks_are_one_training(self) -> None:
        def step(tasks: str, started: str = "str(os.getpid())", **more: str) -> object:
            ran = self.program(
                "import os\n"
                f"os.environ['SLURM_TASK_PID'] = {started}\n"
                "from bestmark.slurm import slurm_facts\n"
                "facts = slurm_facts()['slurm']\n"
                "print(facts['own_step_id'], facts['is_whole_job'])",
                SLURM_JOB_ID="19", SLURM_STEP_ID="3", SLURM_STEP_NUM_TASKS=tasks, **more)
            return ran.stdout.split()
        self.assertEqual(step("1"), ["3", "False"])
        self.assertEqual(step("1", started="'1'"), ["None", "False"])
        self.assertEqual(step("4"), ["None", "False"])
        self.assertEqual(step("4", WORLD_SIZE="4"), ["3", "False"])

    def test_under_bestmark_run_the_client_records_no_setup(self) -> None:
        self.program("bestmark.init()", BESTMARK_MACHINE="on", BESTMARK_RUN_FOLDER=str(self.folder))
        self.assertEqual([one["type"] for one in self.events()], ["started", "ended"])

    def test_each_gpu_has_its_load_and_memory(self) -> None:
        self.assertEqual(gpu_values("0, 93, 40960\n1, [N/A], 12\n"),
                         {"system/gpu0_percent": 93, "system/gpu0_memory_gib": 40})

    def test_a_process_that_does_not_exist_has_no_values(self) -> None:
        self.assertEqual(Sampler(1 << 30).sample(), {})


if __name__ == "__main__":
    unittest.main()
