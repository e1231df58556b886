import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { nodeOptions } from '@bestmark/db/programs'
import { expect, test } from 'vitest'
import { arrayTaskName, slurmJobOf } from './ownJob.ts'

/** What Slurm 22.05 sets for a task of an array that was started again. */
const TASK = {
  SLURM_JOB_ID: '19',
  SLURM_ARRAY_JOB_ID: '17',
  SLURM_ARRAY_TASK_ID: '7',
  SLURM_JOB_NAME: 'train.sh',
  SLURM_CLUSTER_NAME: 'test',
  SLURM_JOB_PARTITION: 'gpu',
  SLURM_JOB_NODELIST: 'node1',
  SLURM_RESTART_COUNT: '2',
  SLURM_TASK_PID: '400',
}

test('the facts of a Slurm job come from its variables', () => {
  expect(slurmJobOf({}, 400)).toBe(undefined)
  expect(slurmJobOf(TASK, 400)).toEqual({
    job_id: '19',
    array_job_id: '17',
    array_task_id: 7,
    job_name: 'train.sh',
    cluster: 'test',
    partition: 'gpu',
    node_list: 'node1',
    restart_count: 2,
    is_whole_job: true,
    own_step_id: null,
  })
})

test('a program that the batch script only calls is not the whole job', () => {
  expect(slurmJobOf(TASK, 401)).toMatchObject({ is_whole_job: false })
})

test('a program that srun starts is not the whole job', () => {
  expect(slurmJobOf({ ...TASK, SLURM_STEP_ID: '0' }, 400)).toMatchObject({ is_whole_job: false })
})

test('a task of an array is named by its array and its index', () => {
  expect(arrayTaskName(slurmJobOf(TASK, 1), 'tune.py')).toBe('train_7')
  const piped = { ...TASK, SLURM_JOB_NAME: 'sbatch' }
  expect(arrayTaskName(slurmJobOf(piped, 1), 'tune.py')).toBe('tune_7')
  expect(arrayTaskName(slurmJobOf({ SLURM_JOB_ID: '3' }, 1), 'tune.py')).toBe(undefined)
})

/** Whether a process is the whole job that replaces a batch script after these lines of it. */
async function isWholeAfter(lines: string): Promise<boolean> {
  const path = `${import.meta.dirname}/ownJob.ts`
  const program = `import { ownSlurmJob } from '${path}'; console.log(ownSlurmJob().is_whole_job)`
  const words = [...nodeOptions(), '--input-type=module', '-e', program]
  const script = `export SLURM_JOB_ID=19 SLURM_TASK_PID=$$\n${lines}\nexec "$0" "$@"`
  const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, ...words])
  return stdout.trim() === 'true'
}

test.skipIf(process.platform !== 'linux')(
  'what a batch script began in the background before `exec` is another part of the job',
  async () => {
    expect(await isWholeAfter('cd .')).toBe(true)
    expect(await isWholeAfter('sleep 30 >/dev/null 2>&1 &')).toBe(false)
  },
)
