import { expect, test } from 'vitest'
import { cancellable, SlurmJob, slurmJobIn } from './slurmJob.ts'
import { slurmFacts, slurmJobText, slurmNumber } from './slurmJobText.ts'

const job = (fields: object) => SlurmJob.parse({ job_id: '18', ...fields })

test('a task of an array is known by the number of its array and its index', () => {
  expect(slurmNumber(job({}))).toBe('18')
  expect(slurmNumber(job({ array_job_id: '17', array_task_id: 0 }))).toBe('17_0')
})

test('the facts of a Slurm job are those that are there, and find the jobs that share them', () => {
  expect(slurmFacts(job({}))).toEqual([{ text: 'Slurm job 18', search: null }])
  const task = { array_job_id: '17', array_task_id: 3, partition: 'gpu' }
  expect(slurmFacts(job({ ...task, node_list: 'n1', restart_count: 1 }))).toEqual([
    { text: 'Slurm job 17_3', search: 'array:17' },
    { text: 'partition gpu', search: 'partition:gpu' },
    { text: 'on n1', search: 'node:n1' },
    { text: 'restarted 1 time', search: null },
  ])
  expect(slurmFacts(job({ node_list: 'n[1-2]', restart_count: 2 })).slice(1)).toEqual([
    { text: 'on n[1-2]', search: null },
    { text: 'restarted 2 times', search: null },
  ])
  expect(slurmJobText(job(task))).toBe('Slurm job 17_3 · partition gpu')
})

test('an environment without a valid Slurm job has none', () => {
  expect(slurmJobIn({})).toBe(null)
  expect(slurmJobIn({ slurm: { job_id: '18; rm -r /' } })).toBe(null)
  expect(slurmJobIn({ slurm: { job_id: '18' } })).toMatchObject({ job_id: '18', restart_count: 0 })
})

test('only a job or a step that does nothing else may be cancelled', () => {
  expect(cancellable(job({}))).toBe(null)
  expect(cancellable(job({ is_whole_job: true }))).toBe('18')
  expect(cancellable(job({ own_step_id: '0' }))).toBe('18.0')
})
