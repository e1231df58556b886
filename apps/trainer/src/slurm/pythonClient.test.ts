import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { SlurmJob } from '@bestmark/core'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from '../commands/testing.ts'
import { CLIENT } from '../sources/programsTesting.ts'

const here = testBoard()
const python = process.env['BESTMARK_PYTHON'] ?? 'python3'

const PROGRAM = `
import sys, bestmark
bestmark.init(sys.argv[1])
bestmark.log({"eval_loss": 0.5}, step=6)
`

/** What Slurm 22.05 sets for a task of an array. */
const TASK = {
  ...{ SLURM_JOB_ID: '19', SLURM_ARRAY_JOB_ID: '17', SLURM_ARRAY_TASK_ID: '7' },
  ...{ SLURM_JOB_NAME: 'train.sh', SLURM_CLUSTER_NAME: 'test', SLURM_JOB_PARTITION: 'gpu' },
  ...{ SLURM_JOB_NODELIST: 'node[1-2]', SLURM_RESTART_COUNT: '2' },
}

test('what only the Python client says of its Slurm job is in the JSON of jobs and pick', async () => {
  const folder = join(here.path, 'run')
  const env = { ...here.env, ...TASK, PYTHONPATH: join(CLIENT, 'src') }
  execFileSync(python, ['-c', PROGRAM, folder], { env, stdio: 'ignore' })
  await command(['import', folder], { env: here.env })
  const jobs = await command(['jobs', '--json', '--search', '17_7'], { env: here.env })
  const { slurm, name } = JSON.parse(jobs.stdout)
  expect(name).toBe('train_7')
  expect(SlurmJob.parse(slurm)).toEqual({
    ...{ job_id: '19', array_job_id: '17', array_task_id: 7, job_name: 'train.sh' },
    ...{ cluster: 'test', partition: 'gpu', node_list: 'node[1-2]', restart_count: 2 },
    ...{ is_whole_job: false, own_step_id: null },
  })
  const picked = await command(['pick', folder, '--evaluations', '--json'], { env: here.env })
  expect(JSON.parse(picked.stdout).slurm).toEqual(slurm)
})
