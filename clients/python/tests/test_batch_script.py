"""Which batch scripts run one program and nothing else."""

import os
import subprocess
import sys
import unittest

from testing import SOURCE

from bestmark.batch_script import is_one_program, runs_only_one

ONE = (
    "#!/bin/sh\npython train.py\n",
    "#!/bin/bash\n#SBATCH --time=1:00:00\nset -euo pipefail\n\nmodule load cuda\nsource env/bin/activate\n"
    "export A=1 B=${HOME}/x\nC=3\ncd /project\necho begins\npython -u train.py \\\n  --lr 1 > log 2>&1\n",
    "#!/bin/bash\nconda activate env\nLR=1 python train.py &> log\n# done\n",
)
MORE = (
    "",
    "#!/bin/sh\necho nothing\n",
    "python a.py\npython b.py\n",
    "python a.py; python b.py\n",
    "python a.py && python b.py\n",
    "python a.py &\npython b.py\n",
    "python a.py | python b.py\n",
    "for i in 1 2\ndo\npython a.py\ndone\n",
    "f() {\npython a.py\n}\nf\n",
    "if true\nthen\npython a.py\nfi\n",
    "trap 'python b.py' EXIT\npython a.py\n",
    "export A=$(python b.py)\npython a.py\n",
    "export A=`python b.py`\npython a.py\n",
    "source many.sh\npython a.py\n",
    "conda run python b.py\npython a.py\n",
    "python a.py\necho done\n",
    "python a.py <<END\nx\nEND\n",
    "eval \"$COMMANDS\"\n",
)


class BatchScripts(unittest.TestCase):
    def test_a_script_whose_last_line_is_its_only_program_does_nothing_else(self) -> None:
        for script in ONE:
            self.assertTrue(is_one_program(script), script)

    def test_a_script_that_may_do_more_is_not_only_one_program(self) -> None:
        for script in MORE:
            self.assertFalse(is_one_program(script), script)

    def test_a_process_that_is_no_batch_script_is_none(self) -> None:
        self.assertFalse(runs_only_one(os.getpid()))
        self.assertFalse(runs_only_one(1 << 30))


    def test_what_a_script_began_before_exec_is_another_part_of_the_job(self) -> None:
        def is_whole(lines: str, program: str = "") -> str:
            source = "from bestmark.slurm import is_whole_job\nprint(is_whole_job())"
            words = [sys.executable, "-c", f"{program}\n{source}"]
            script = f"export SLURM_TASK_PID=$$\n{lines}\nexec \"$@\""
            environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
            ran = subprocess.run(["sh", "-c", script, "sh", *words], env=environment,
                                 capture_output=True, text=True)
            return ran.stdout.strip()
        self.assertEqual(is_whole("cd ."), "True")
        self.assertEqual(is_whole("sleep 30 >/dev/null 2>&1 &"), "False")
        workers = ("import os, time\nif os.fork() == 0:\n    os.close(1)\n    os.close(2)\n"
                   "    time.sleep(1)\n    os._exit(0)")
        self.assertEqual(is_whole("cd .", workers), "True")


if __name__ == "__main__":
    unittest.main()
