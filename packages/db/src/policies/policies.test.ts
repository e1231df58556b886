import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointsOf } from '../selection/checkpoints.ts'
import { compareJobs } from '../comparison/compareJobs.ts'
import { jobDetail } from '../jobs/jobDetail.ts'
import { jobStatus } from '../jobs/jobs.ts'
import { registerJob } from '../jobs/registration.ts'
import { changePolicy, policyHistory } from './policies.ts'
import { record } from '../record/record.ts'
import { JobUnknown } from '../values/refused.ts'
import { selectionOf } from '../selection/selection.ts'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { checkpoint, event, newJob, recordEvents } from '../testRun.ts'
import { watch } from '../watch/watch.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())

/** A run whose loss is lowest at step 2 and whose F1 is highest at step 4. */
const run = [1, 2, 3, 4].flatMap((step) => [
  event({
    ...{ type: 'evaluation', step, epoch: step, at: step },
    values: { eval_loss: [4, 1, 2, 3][step - 1], eval_f1: step / 10, eval_zork: -step },
  }),
  checkpoint(step),
])

async function jobIn(project: string, name = 'moby'): Promise<string> {
  const job_id = await newJob(db, { project, name })
  await recordEvents(db, job_id, ...run)
  return job_id
}

const best = async (job_id: string) => (await jobStatus(db, job_id))?.best_step
const byF1 = { policy: 'metric', options: { metric: 'eval_f1' } } as const

test('a changed policy chooses again from the stored rows, and updates every field', async () => {
  const job_id = await jobIn('chosen')
  expect(await jobStatus(db, job_id)).toMatchObject({
    ...{ best_step: 2, best_metric_name: 'eval_loss', evaluations_without_improvement: 2 },
  })
  const { jobs } = await changePolicy(db, { job_id }, byF1, 'ana')
  expect(jobs).toBe(1)
  const status = await jobStatus(db, job_id)
  expect(status).toMatchObject({
    ...{ best_step: 4, best_metric_name: 'eval_f1', selection_policy: 'metric' },
    evaluations_without_improvement: 0,
  })
  const fresh = await selectionOf(db, job_id)
  expect(status).toMatchObject({
    best_step: fresh?.best?.step,
    best_metric: fresh?.best?.value,
    best_checkpoint_id: fresh?.best?.checkpoint_id,
  })
  expect(fresh?.policy).toBe('metric')
  const options = {
    policy: 'metric',
    options: { metric: 'mean(eval_f1, eval_zork)', direction: 'min' },
  }
  await changePolicy(db, { job_id }, options as typeof byF1, 'ana')
  expect(await jobStatus(db, job_id)).toMatchObject({
    ...{ best_step: 4, evaluations_without_improvement: 0 },
  })
})

test('the author and time of a policy change are stored, and the reason of the choice names them', async () => {
  const job_id = await jobIn('named')
  const before = Date.now() - 60_000
  await changePolicy(db, { job_id }, byF1, ' ana ')
  const detail = await jobDetail(db, job_id)
  expect(detail).toMatchObject({ policy_from: 'job', policy_options: { metric: 'eval_f1' } })
  expect(detail?.policy_options.by).toMatch(/^ana, \d{1,2} \w+ \d{4}$/)
  const list = await checkpointsOf(db, job_id)
  expect(list?.explanation.sentence).toContain(detail?.policy_options.by)
  await changePolicy(db, { project: 'named' }, byF1, 'ben')
  await changePolicy(db, { job_id }, null, 'cleo')
  const history = await policyHistory(db, { job_id })
  expect(history.map(({ by, scope, policy }) => [by, scope, policy])).toEqual([
    ['cleo', 'job', null],
    ['ben', 'project', 'metric'],
    ['ana', 'job', 'metric'],
  ])
  for (const { changed_at } of history) expect(changed_at).toBeGreaterThan(before)
  expect((await policyHistory(db, { project: 'named' })).map(({ by }) => by)).toEqual(['ben'])
})

test("a project's policy applies to its jobs, old and new, but not to those with a policy of their own", async () => {
  const [one, withPolicy, elsewhere] = [
    await jobIn('team'),
    await jobIn('team'),
    await jobIn('other'),
  ]
  await changePolicy(db, { job_id: withPolicy }, { policy: 'lowest_eval_loss', options: {} }, 'ana')
  expect((await changePolicy(db, { project: 'team' }, byF1, 'ben')).jobs).toBe(1)
  const later = await jobIn('team')
  const steps = await Promise.all([one, withPolicy, elsewhere, later].map(best))
  expect(steps).toEqual([4, 2, 2, 4])
  const froms = [one, withPolicy, elsewhere, later].map(
    async (id) => (await jobDetail(db, id))?.policy_from,
  )
  expect(await Promise.all(froms)).toEqual(['project', 'job', 'default', 'project'])
  await changePolicy(db, { job_id: withPolicy }, null, 'ana')
  expect(await jobDetail(db, withPolicy)).toMatchObject({ policy_from: 'project' })
  expect(await best(withPolicy)).toBe(4)
  expect((await changePolicy(db, { project: 'team' }, null, 'ben')).jobs).toBe(3)
  expect(await Promise.all([one, withPolicy, later, await jobIn('team')].map(best))).toEqual([
    2, 2, 2, 2,
  ])
  expect(await jobDetail(db, later)).toMatchObject({ policy_from: 'default', policy_options: {} })
})

test("a project's metric for undeclared runs applies only to runs that declare no metric", async () => {
  const undeclared = await jobIn('asked')
  const declared = await newJob(db, { project: 'asked' })
  await recordEvents(db, declared, event({ type: 'started', metric_for_best: 'eval_loss' }), ...run)
  const question = async (id: string) => (await checkpointsOf(db, id))?.explanation.question
  const picks = (await question(undeclared))?.choices.map(({ metric, best: one }) => [
    metric,
    one.step,
  ])
  expect(picks).toEqual([
    ['eval_loss', 2],
    ['eval_f1', 4],
  ])
  expect(await question(declared)).toBeNull()
  const options = { undeclared: { metric: 'eval_f1', direction: null } }
  await changePolicy(db, { project: 'asked' }, { policy: 'as_declared', options }, 'ana')
  expect([await best(undeclared), await best(declared)]).toEqual([4, 2])
  expect((await selectionOf(db, undeclared))?.declared_by).toContain('ana')
  expect(await question(undeclared)).toBeNull()
  expect(await question(await jobIn('asked'))).toBeNull()
})

test('a policy stays when a history is recorded again', async () => {
  const job_id = await jobIn('anew')
  await changePolicy(db, { job_id }, byF1, 'ana')
  const batch = { source: 'journal', from: null, to: '1', replace: true }
  await record(db, job_id, { ...batch, events: run })
  expect(await jobDetail(db, job_id)).toMatchObject({ policy_from: 'job' })
  expect(await best(job_id)).toBe(4)
  expect(await policyHistory(db, { job_id })).toHaveLength(1)
})

test('a job that registers while its project changes its policy uses the new one', async () => {
  await jobIn('racing')
  const change = changePolicy(db, { project: 'racing' }, byF1, 'ana')
  const born = await Promise.all(Array.from({ length: 8 }, () => jobIn('racing')))
  await change
  expect(await Promise.all(born.map(best))).toEqual(born.map(() => 4))
})

test('a reader of the job is notified to read its checkpoints again', async () => {
  const job_id = await jobIn('watched')
  const { revision = 0 } = (await jobDetail(db, job_id)) ?? {}
  const end = new AbortController()
  const deltas = watch(db, { jobs: [{ job_id, revision }] }, end.signal)
  const next = deltas.next()
  await changePolicy(db, { job_id }, byF1, 'ana')
  expect((await next).value).toMatchObject({ checkpoints: true, status: { best_step: 4 } })
  end.abort()
})

test('a policy that cannot decide is refused with the available choices, and changes nothing', async () => {
  const job_id = await jobIn('refused')
  const refusal = (policy: string, options: object, whose: object = { job_id }, by = 'ana') =>
    changePolicy(db, whose as { job_id: string }, { policy, options } as typeof byF1, by).catch(
      (error: unknown) => (error instanceof Error ? error.message : ''),
    )
  const logged = 'Logged: eval_loss, eval_f1, eval_zork.'
  const unknown = { metric: 'zork_2' }
  expect(await refusal('metric', {})).toBe(`Policy metric needs a metric. ${logged}`)
  const project = { project: 'refused' }
  for (const whose of [{ job_id }, project]) {
    expect(await refusal('metric', unknown, whose)).toBe(`zork_2 was never logged. ${logged}`)
  }
  expect(await refusal('as_declared', { undeclared: unknown }, project)).toContain(logged)
  const bound = { subject_to: [{ metric: 'kl', relation: '<=', bound: 1 }] }
  expect(await refusal('as_declared', bound)).toBe(`kl was never logged. ${logged}`)
  expect(await refusal('metric', { metric: 'eval_zork' })).toBe(
    'It is unknown whether a low or a high eval_zork is better. Choose min or max.',
  )
  expect(await refusal('within_noise', {})).toContain('earliest or latest')
  expect(await refusal('lowest_eval_loss', { metric: 'eval_f1' })).toContain('choose policy metric')
  expect(await refusal('as_declared', {}, { job_id }, ' ')).toContain('Give a name')
  expect(await refusal('as_declared', {}, { project: 'nowhere' })).toMatch(
    /^There is no project nowhere on this board\. Projects: .*refused/,
  )
  const missing = { job_id: '00000000-0000-4000-8000-000000000000' }
  await expect(changePolicy(db, missing, byF1, 'ana')).rejects.toThrow(JobUnknown)
  expect(await policyHistory(db, { job_id })).toEqual([])
  expect(await best(job_id)).toBe(2)
})

test('an option that a policy ignores is refused with the policy that uses it', async () => {
  const job_id = await jobIn('misfits')
  const project = { project: 'misfits' }
  const both = [{ job_id }, project]
  const refusals = (policy: string, options: object) =>
    Promise.all(
      both.map((whose) =>
        changePolicy(
          db,
          whose as { job_id: string },
          { policy, options } as typeof byF1,
          'ana',
        ).then(
          () => 'taken',
          (error: unknown) => (error instanceof Error ? error.message : ''),
        ),
      ),
    )
  for (const [policy, options, expected] of [
    ['as_declared', { metric: 'eval_f1' }, 'For eval_f1 choose policy metric'],
    ['as_declared', { prefer: 'latest' }, 'only works with policy within_noise'],
    ['metric', { metric: 'eval_f1', prefer: 'latest' }, 'only works with policy within_noise'],
    ['lowest_eval_loss', { coefficients: { age: 1 } }, 'only work with policy scored'],
    ['as_declared', { direction: 'max' }, 'choose policy metric and name'],
    ['lowest_eval_loss', { direction: 'max' }, 'takes no direction'],
    ['within_noise', { prefer: 'latest', direction: 'max' }, 'emove the direction'],
  ] as const) {
    for (const refusal of await refusals(policy, options)) expect(refusal).toContain(expected)
  }
  const unread = await newJob(db, { project: 'misfits' })
  const declared = { metric_for_best: 'eval_zork', declared_by: 'config.yaml' }
  await recordEvents(db, unread, event({ type: 'started', ...declared }), ...run)
  expect(await best(unread)).toBeNull()
  // This job only lacks a direction.
  const maximised = { policy: 'as_declared', options: { direction: 'max' } } as const
  await changePolicy(db, { job_id: unread }, maximised, 'ana')
  expect(await best(unread)).toBe(1)
  await expect(changePolicy(db, { job_id }, maximised, 'ana')).rejects.toThrow(
    'For eval_loss, low is better',
  )
})

test('a metric chosen with a direction decides with that direction, with any name', async () => {
  const job_id = await jobIn('directed')
  const options = { metric: 'eval_zork', direction: 'max' } as const
  await changePolicy(db, { job_id }, { policy: 'metric', options }, 'ana')
  expect(await best(job_id)).toBe(1)
  const scored = event({
    type: 'evaluation',
    step: 1,
    values: {},
    directions: { eval_zork: 'min' },
  })
  await recordEvents(db, job_id, scored)
  await changePolicy(db, { job_id }, { policy: 'metric', options: { metric: 'eval_zork' } }, 'ana')
  expect(await best(job_id)).toBe(4)
})

test('registering a job again does not change its policy', async () => {
  const job_id = await jobIn('again')
  await changePolicy(db, { job_id }, byF1, 'ana')
  const options = { name: 'moby', project: 'again', status: 'queued', source: 'journal' } as const
  await registerJob(db, { job_id, ...options, host_id: job_id, host: 'w', root: '/mnt/new' })
  expect(await jobStatus(db, job_id)).toMatchObject({
    ...{ selection_policy: 'metric', best_step: 4, best_checkpoint_path: '/mnt/new/checkpoint-4' },
  })
})

test('a training series may be the metric of a policy, by its value at or before each checkpoint', async () => {
  const job_id = await jobIn('trained')
  const points = [
    [1, 9],
    [3, 1],
    [4, 2],
  ] as const
  const logged = points.map(([step, train_reward]) =>
    event({ type: 'metrics', step, values: { train_reward } }),
  )
  await recordEvents(db, job_id, ...logged)
  const options = { metric: 'train_reward', direction: 'min' } as const
  for (const whose of [{ job_id }, { project: 'trained' }]) {
    await changePolicy(db, whose, { policy: 'metric', options }, 'ana')
    expect(await jobStatus(db, job_id)).toMatchObject({ best_step: 3, best_metric: 1 })
  }
  const list = await checkpointsOf(db, job_id)
  expect(list?.checkpoints.map(({ step, value }) => [step, value])).toEqual([
    [1, 9],
    [2, 9],
    [3, 1],
    [4, 2],
  ])
  await recordEvents(db, job_id, event({ type: 'metrics', step: 5, values: { train_reward: 0 } }))
  await recordEvents(db, job_id, checkpoint(5))
  expect(await best(job_id)).toBe(5)
  const { comparison } = await compareJobs(db, { job_ids: [job_id] })
  expect(comparison.runs[0]?.best).toMatchObject({ step: 5, value: 0 })
})
