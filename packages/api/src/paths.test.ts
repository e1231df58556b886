import { randomUUID } from 'node:crypto'
import { isAbsolute } from 'node:path'
import {
  advanceDeployment,
  advanceOrder,
  claimOrder,
  publishRecipes,
  publishTargets,
  recordHostAlive,
  registerJob,
} from '@bestmark/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINK } from './caller.ts'
import { appRouter, createCaller, type RouterOutputs } from './root.ts'
import { type JournalLine, type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

const RUN: readonly JournalLine[] = [
  { type: 'started', total_steps: 300 },
  ...[100, 200, 300].flatMap((step): JournalLine[] => [
    { type: 'metrics', step, values: { loss: 2 } },
    { type: 'evaluation', step, values: { eval_loss: step === 200 ? 1 : 2, eval_f1: 1 / step } },
    { type: 'checkpoint', step, path: `out/checkpoint-${step}`, files_state: 'complete' },
  ]),
  { type: 'sample', step: 200, kind: 'image', path: 'out/sample/200.png' },
  { type: 'claim', path: 'out/checkpoint-300', step: 300, metric: 'eval_loss', value: 2 },
  { type: 'ended', status: 'completed' },
]

/** The answers of every procedure about one run, by the name of the procedure. */
async function answers(): Promise<Record<string, unknown>> {
  const api = createCaller({ db: board.db, caller: LINK })
  const job_id = await board.newJob()
  await board.recordEvents(job_id, ...RUN)
  const stop = { job_id: await board.newJob('stopped') }
  const { best_checkpoint_id } = await api.jobs.status({ job_id })
  const chosen = { job_id, checkpoint_id: best_checkpoint_id ?? '' }
  const following = (await api.watch({ jobs: [job_id] }))[Symbol.asyncIterator]()
  const news = await following.next()
  await following.return?.()
  const destination = { type: 'webhook', url: 'http://127.0.0.1:9/' } as const
  const rule = { project: null, kinds: ['failed' as const], evaluations: 5, destination }
  const saved = await api.alerts.rules.save(rule)
  const { rule_id } = saved[0] ?? { rule_id: '' }
  const reader = { key: 'tab', watch: { jobs: [job_id] } }
  const followingMany = (await api.watchMany({ readers: [reader] }))[Symbol.asyncIterator]()
  const newsOfMany = await followingMany.next()
  await followingMany.return?.()
  const ship = async (model_name: string) => {
    const made = await api.deployments.create({ ...chosen, model_name })
    const talk = {
      name: 'folder',
      kind: 'playground',
      place: 'the pages',
      conditions: null,
    } as const
    await publishTargets(board.db, made.host_id ?? '', [talk])
    const key = { job_id, deployment_id: made.deployment_id }
    const end = { status: 'done', absolute_path: '/models/moby/v1' } as const
    await advanceDeployment(board.db, { ...key, ...end, bytes_done: 1, bytes_total: 1 })
    return key
  }
  const prod = {
    name: 'prod',
    kind: 'folder',
    place: '/srv',
    conditions: { approved: true },
  } as const
  const approve = async () => {
    const { host_id } = await api.deployments.create({ ...chosen, model_name: 'free' })
    await publishTargets(board.db, host_id ?? '', [prod])
    const where = { model_name: 'approved', target: 'prod', by: 'ana' }
    const waiting = await api.deployments.create({ ...chosen, ...where })
    return api.deployments.approve({ ...waiting, by: 'max' })
  }
  const approved = await approve()
  const earlier = await ship('moby-live')
  const live = await ship('moby-live')
  const made = await api.access.makeToken({ name: 'ci', scope: 'read', days: 1 })
  const back = await api.models.rollBack({ ...earlier, by: 'ana' })
  return {
    'access.audit': await api.access.audit(),
    'access.tokens': await api.access.tokens(),
    'access.makeToken': made,
    'access.revokeToken': await api.access.revokeToken(made.token),
    ...(await answersAboutPeople(api)),
    'models.ask': await api.models.ask({ ...live, prompt: 'Call me' }),
    ...(await answersAboutRecipes(api)),
    'models.verify': await api.models.verify({ ...live, by: 'ana' }),
    'models.rollBack': back,
    'models.list': await api.models.list(),
    'models.get': await api.models.get({ model_name: 'moby-live' }),
    watch: news.value,
    'alerts.rules.save': saved,
    'alerts.rules.list': await api.alerts.rules.list(),
    'alerts.test': await api.alerts.test({ rule_id }),
    'alerts.list': await api.alerts.list(),
    'alerts.rules.remove': await api.alerts.rules.remove({ rule_id }),
    watchMany: newsOfMany.value,
    'deployments.approve': approved,
    'deployments.withdraw': await api.deployments.withdraw({ ...back, by: 'ana' }),
    'deployments.create': await api.deployments.create({ ...chosen, model_name: 'moby' }),
    'deployments.advice': await api.deployments.advice(chosen),
    'deployments.conditions': await api.deployments.conditions({ ...chosen, model_name: 'moby' }),
    'deployments.list': await api.deployments.list(),
    'checkpoints.list': await api.checkpoints.list({ job_id }),
    'checkpoints.marks': await api.checkpoints.marks({ job_id, from_step: 0, to_step: 1_000 }),
    'checkpoints.explain': await api.checkpoints.explain({ job_id }),
    'checkpoints.pin': await api.checkpoints.pin({ ...chosen, pinned: true }),
    'policies.change': await api.policies.change({ job_id, policy: null, by: 'ana' }),
    'policies.history': await api.policies.history({ job_id }),
    'series.read': await api.series.read({ job_id, names: ['loss'] }),
    'samples.list': await api.samples.list({ job_id }),
    'samples.pair': await api.samples.pair({ job_id }),
    'samples.content': await api.samples.content({ job_id, sample_id: randomUUID() }),
    'series.names': await api.series.names({ job_id }),
    'jobs.list': await api.jobs.list(),
    'jobs.status': await api.jobs.status({ job_id }),
    'jobs.compare': await api.jobs.compare({ job_ids: [job_id] }),
    'jobs.detail': await api.jobs.detail({ job_id }),
    'jobs.logs': await api.jobs.logs({ job_id }),
    'jobs.lastTraceback': await api.jobs.lastTraceback({ job_id }),
    'jobs.history': await api.jobs.history({ job_id }),
    'jobs.stop': await api.jobs.stop(stop),
    'jobs.columns': await api.jobs.columns({ job_ids: [job_id] }),
    'jobs.rename': await api.jobs.rename({ job_id, name: 'moby' }),
    'jobs.note': await api.jobs.note({ job_id, note: 'warm restart' }),
    'jobs.tag': await api.jobs.tag({ job_ids: [job_id], add: ['lora'], remove: [] }),
    'jobs.archive': await api.jobs.archive({ job_ids: [stop.job_id], archived: true }),
    'jobs.delete': await api.jobs.delete({ job_ids: [job_id] }),
    'jobs.restore': await api.jobs.restore({ job_ids: [job_id] }),
    'jobs.examples': await api.jobs.examples(),
    'jobs.removeExamples': await api.jobs.removeExamples(),
    'views.save': await api.views.save({ name: 'lora', query: 'tag=lora' }),
    'views.list': await api.views.list(),
    'views.remove': await api.views.remove({ view_id: randomUUID() }),
    'hosts.targets': await api.hosts.targets(),
    'hosts.fullDisks': await api.hosts.fullDisks(),
    'backtest.run': await api.backtest.run({ target: 'eval_f1' }),
    'backtest.targets': await api.backtest.targets(),
  }
}

async function answersAboutRecipes({ jobs, recipes }: ReturnType<typeof createCaller>) {
  const host_id = randomUUID()
  await recordHostAlive(board.db, { host_id, hostname: 'gpu-1' })
  const recipe = { name: 'moby', text: '', parameters: {}, can_resume: true, at_once: 1 }
  await publishRecipes(board.db, host_id, [recipe])
  const order = { recipe: 'moby', name: 'moby', project: 'whales', runs: [{}] }
  const created = await jobs.create(order)
  const [job_id = ''] = created.job_ids
  const host = { host_id, host: 'gpu-1', root: `/runs/${job_id}` }
  const job = { job_id, ...host, name: 'moby', project: 'whales', source: 'huggingface' }
  await registerJob(board.db, { ...job, status: 'failed' })
  const claimed = await claimOrder(board.db, host_id)
  await advanceOrder(board.db, claimed?.order_id ?? '', { state: 'ended' })
  const resumed = await jobs.resume({ job_id })
  const orders = await recipes.orders()
  const order_id = orders.find(({ is_resumed }) => is_resumed)?.order_id ?? ''
  return {
    'jobs.create': created,
    'jobs.resume': resumed,
    'recipes.list': await recipes.list(),
    'recipes.orders': orders,
    'recipes.ofJob': await recipes.ofJob({ job_id }),
    'recipes.cancel': await recipes.cancel({ order_id }),
  }
}

async function answersAboutPeople({ people }: ReturnType<typeof createCaller>) {
  const invited = await people.invite({ email: 'ben@lab.org', role: 'viewer' })
  const invitations = await people.invitations()
  const { invitation_id } = invitations[0] ?? { invitation_id: '' }
  const [{ person_id } = { person_id: '' }] = await board.db.sql<{ person_id: string }[]>`
    insert into people (name, email, email_verified, role, created_at, updated_at)
    values ('Cho', ${`${randomUUID()}@lab.org`}, true, 'viewer', 0, 0) returning person_id`
  return {
    'people.invite': invited,
    'people.invitations': invitations,
    'people.withdraw': await people.withdraw({ invitation_id }),
    'people.list': await people.list(),
    'people.changeRole': await people.changeRole({ person_id, role: 'member' }),
    'people.resetPassword': await people.resetPassword({ person_id }),
    'people.endSessions': await people.endSessions({ person_id }),
    'people.remove': await people.remove({ person_id }),
  }
}

/** Every text under one of these names, at any depth of an answer. */
function textsNamed(answer: unknown, name: string): string[] {
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer)) return []
  return Object.entries(answer).flatMap(([key, value]) =>
    key === name && typeof value === 'string' ? [value] : textsNamed(value, name),
  )
}

test('in every answer a path is relative to its root, unless its field is called absolute', async () => {
  const all = await answers()
  const procedures = Object.keys(appRouter._def.procedures)
  expect(Object.keys(all).sort()).toEqual(procedures.sort())
  const paths = textsNamed(all, 'path')
  expect(paths.length).toBeGreaterThan(10)
  expect(paths.filter(isAbsolute)).toEqual([])
  const absolute = textsNamed(all, 'absolute_path')
  expect(absolute.length).toBeGreaterThan(0)
  expect(absolute.every(isAbsolute)).toBe(true)
})

test('the best path of the status is that of the best checkpoint in every answer', async () => {
  const all = await answers()
  const best = '/runs/moby/out/checkpoint-200'
  for (const name of ['watch', 'watchMany', 'jobs.list', 'jobs.status']) {
    expect(textsNamed(all[name], 'best_checkpoint_path')).toContain(best)
  }
  const list = all['checkpoints.list'] as RouterOutputs['checkpoints']['list']
  const rows = list.checkpoints.filter(({ is_best }) => is_best)
  expect(rows.map(({ absolute_path }) => absolute_path)).toEqual([best])
  expect(list.selection.best?.path).toBe('out/checkpoint-200')
  expect(all['deployments.create']).toMatchObject({ path: 'out/checkpoint-200', is_best: true })
})
