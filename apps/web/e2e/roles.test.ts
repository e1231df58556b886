import {
  advanceDeployment,
  archiveJobs,
  checkpointId,
  claimExample,
  claimOrder,
  createDeployment,
  type Database,
  deleteJobs,
  orderRuns,
  publishRecipes,
  publishTargets,
  recordHostAlive,
  registerJob,
} from '@bestmark/db'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { oddBoard, pagesOf } from './oddJobs.ts'
import { cookieOf, openPeopleSite } from './people.ts'
import { pressAll } from './pressed.ts'
import { checkpoint, evaluation, HOST, Run } from './runs.ts'
import type { OwnSite } from './site.ts'

/** How long a test of many pages may take on a busy machine. */
const PATIENT = { timeout: 600_000 }
const { host_id } = HOST

let site: OwnSite
let paths: string[]
beforeAll(async () => {
  site = await openPeopleSite()
  const board = await oddBoard(site.db)
  const offered = await offers(site.db)
  // A viewer has no page Access: its address answers that an admin has it.
  const pages = pagesOf(board).filter((path) => path !== '/access')
  paths = [...oneOfEach(pages), '/?shelf=archived', ...offered]
}, 120_000)
afterAll(() => site[Symbol.asyncDispose]())

/** The first address of each page and of its parts, whatever job it shows. */
function oneOfEach(pages: readonly string[]): string[] {
  const firsts = new Map<string, string>()
  for (const path of pages) {
    const kind = path.replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'job')
    if (!firsts.has(kind)) firsts.set(kind, path)
  }
  return [...firsts.values()]
}

/** Puts on the board what pages offer something for; returns the addresses of its jobs. */
async function offers(db: Database): Promise<string[]> {
  await recordHostAlive(db, { host_id, hostname: HOST.host })
  const undecided = await new Run(db, 'undecided').begin({ project: 'team' }, 'team')
  for (const step of [100, 200, 300]) {
    const scores = { eval_f1: step / 1000, eval_loss: step }
    await undecided.record(evaluation(step, step, scores), checkpoint(step))
  }
  const example = await (await new Run(db, 'story').begin({}, 'examples')).train([2, 3])
  await claimExample(db, example.job_id)
  const [archived, deleted] = [await ended(db, 'put-away'), await ended(db, 'gone')]
  await archiveJobs(db, [archived], true)
  await deleteJobs(db, [deleted])
  const begun = await started(db)
  const jobs = [undecided.job_id, archived, deleted, begun, await shipped(db)]
  return [...jobs.map((job_id) => `/jobs/${job_id}`), `/jobs/${begun}?tab=configuration`]
}

async function ended(db: Database, name: string): Promise<string> {
  const run = await (await new Run(db, name).begin()).train([3, 2])
  await run.record({ type: 'ended', attempt: 0, at: Date.now(), status: 'completed', error: null })
  return run.job_id
}

/** A job that was started from a recipe, and an order that waits. */
async function started(db: Database): Promise<string> {
  const parameters = { lr: { type: 'number', minimum: 0, maximum: 1, default: 0.1 } } as const
  const recipe = { name: 'tune', text: 'Tunes', parameters, can_resume: true, at_once: 1 }
  await publishRecipes(db, host_id, [recipe])
  await orderRuns(db, { recipe: 'tune', name: 'tuned', project: 'p', runs: [{}, {}] })
  const order = await claimOrder(db, host_id)
  if (!order) throw new Error('there is an order')
  const { job_id, name, project } = order
  const run = { job_id, host_id, host: HOST.host, root: `/runs/${job_id}`, source: 'journal' }
  await registerJob(db, { ...run, name, project, status: 'failed' })
  return job_id
}

/** A job whose model was shipped twice, and an order that waits for an approval. */
async function shipped(db: Database): Promise<string> {
  // The board has a model in the playground already.
  await publishTargets(db, host_id, [
    { name: 'talk', kind: 'playground', place: 'the pages', conditions: null },
    { name: 'prod', kind: 'folder', place: '/srv', conditions: { approved: true } },
  ])
  const { job_id } = await (await new Run(db, 'guarded').begin()).train([3, 2])
  const orderOf = (step: number, target: string) => {
    const path = `checkpoint-${step}`
    const checkpoint_id = checkpointId(job_id, { attempt: 0, step, path })
    const what = { job_id, checkpoint_id, model_name: 'guarded', target }
    return createDeployment(db, { ...what, by: 'Ana', why: 'a test' })
  }
  for (const step of [100, 200]) {
    const { deployment_id } = await orderOf(step, 'folder')
    const done = { status: 'done', absolute_path: `/models/${step}` } as const
    const counts = { bytes_done: 1, bytes_total: 1 }
    await advanceDeployment(db, { job_id, deployment_id, ...done, ...counts })
  }
  await orderOf(200, 'prod')
  return job_id
}

async function pageOf(name: string, bypassCSP = false): Promise<Page> {
  const [key = '', value = ''] = (await cookieOf(site, name)).split('=')
  const context = await site.browser.newContext({
    ...{ baseURL: site.url, colorScheme: 'dark', bypassCSP },
  })
  onTestFinished(() => context.close())
  await context.addCookies([{ name: key, value, url: site.url }])
  return context.newPage()
}

test('no control and no link of a page leads a viewer to a refusal', PATIENT, async () => {
  const page = await pageOf('Vera')
  const { refused, links } = await pressAll(page, paths)
  expect([...refused]).toEqual([])
  const forbidden: string[] = []
  for (const link of links) {
    const answer = await page.request.get(link)
    if (answer.status() === 403) forbidden.push(link)
  }
  expect(forbidden).toEqual([])
})

/** The changes that the pages of the test offer to people who may make them. */
const OFFERED = [
  ...['alerts.rules.remove', 'alerts.rules.save', 'alerts.test', 'checkpoints.pin'],
  ...[
    'deployments.approve',
    'deployments.create',
    'deployments.withdraw',
    'jobs.archive',
    'jobs.create',
    'jobs.delete',
  ],
  ...['jobs.removeExamples', 'jobs.rename', 'jobs.restore', 'jobs.resume', 'jobs.stop', 'jobs.tag'],
  ...['models.ask', 'models.rollBack', 'models.verify', 'policies.change', 'recipes.cancel'],
  ...['views.remove', 'views.save'],
]

test('if the pages hide nothing, all these controls are found, and refused', PATIENT, async () => {
  const page = await pageOf('Vera', true)
  await page.route('**', async (route) => {
    if (route.request().resourceType() !== 'document') return route.continue()
    const answer = await route.fetch()
    const body = (await answer.text()).replace(/denied:\[[^\]]*\]/, 'denied:[]')
    await route.fulfill({ response: answer, body })
  })
  const { refused } = await pressAll(page, paths)
  expect([...refused].sort()).toEqual(OFFERED)
})
