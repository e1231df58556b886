"""Which batch scripts run one program and nothing else."""

import os
import unittest

import testing  # noqa: F401  (it finds the client)

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


if __name__ == "__main__":
    unittest.main()
