import { jobDetail } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { slurmWith } from './jobsTesting.ts'
import { hasSlurm, PATIENCE, why } from './testing.ts'

const here = testBoard()
const { submit, found, jobOf, call } = slurmWith(here)

test.skipIf(!hasSlurm)(
  `a task of a Slurm array has its name, its numbers and its node, and is found by its number${why}`,
  { timeout: PATIENCE },
  async () => {
    const array = await submit('end', '--array=3-4', '--job-name=tune.sh')
    const job = await jobOf(`${array}_4`, ({ status }) => status === 'completed')
    expect(job.name).toBe('tune_4')
    expect(job.slurm).toMatchObject({
      ...{ array_job_id: array, array_task_id: 4, job_name: 'tune.sh', cluster: 'test' },
      ...{ partition: 'low', restart_count: 0, is_whole_job: true },
      node_list: (await call('sinfo', '-h', '-o', '%N')).split('\n')[0],
    })
    await jobOf(`${array}_3`, ({ status }) => status === 'completed')
    expect((await found(array)).map(({ name }) => name).sort()).toEqual(['tune_3', 'tune_4'])
  },
)

test.skipIf(!hasSlurm)(
  `a Slurm job that is started again is a further attempt of the same job${why}`,
  { timeout: PATIENCE },
  async () => {
    const number = await submit('wait')
    const first = await jobOf(number, ({ current_step }) => current_step === 15)
    await call('scontrol', 'requeue', number)
    const again = await jobOf(number, ({ current_step }) => current_step === 25)
    expect(again.job_id).toBe(first.job_id)
    const detail = await jobDetail(here.board.db, again.job_id)
    expect(again.slurm?.restart_count).toBe(1)
    expect(detail?.attempts.map(({ attempt }) => attempt)).toEqual([0, 1])
  },
)
