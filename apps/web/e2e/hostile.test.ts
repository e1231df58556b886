import type { TrainingEvent } from '@bestmark/core'
import { HOSTILE_TEXTS, hostileRun } from '@bestmark/core/testing'
import {
  audited,
  createApiToken,
  createDeployment,
  listCheckpoints,
  record,
  registerJob,
  type Database,
} from '@bestmark/db'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openOwnSite, type Screen, showOn, type OwnSite } from './site.ts'

/** Characters that are invisible or have an effect; a page must show them as escapes. */
const UNSEEN =
  /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\u200b\u2060\ufeff\u00ad\p{Bidi_Control}\u{e0000}-\u{e007f}]/u

const TEXTS = Object.values(HOSTILE_TEXTS)

let site: OwnSite
/** A job for each text, every second one with extreme numbers. */
let jobs: string[]
/** Two jobs with the names of all texts, so that each view shows each text. One has extreme numbers. */
let full: string[]

beforeAll(async () => {
  site = await openOwnSite()
  jobs = []
  for (const [index, text] of TEXTS.entries())
    jobs.push(await hostileJob(site.db, text, hostileRun(text, index % 2 === 1)))
  full = []
  for (const extreme of [false, true])
    full.push(await hostileJob(site.db, HOSTILE_TEXTS.markup, runOfAll(extreme)))
  for (const name of TEXTS) await hostileCaller(site.db, name)
}, 120_000)
afterAll(() => site[Symbol.asyncDispose]())

/** The events of the hostile runs of all texts, side by side, as one run. */
function runOfAll(extreme: boolean): TrainingEvent[] {
  const runs = TEXTS.map((text) => hostileRun(text, extreme))
  const [first = []] = runs
  return first.flatMap((event, index) => {
    const isOnce = event.type === 'started' || event.type === 'ended'
    return isOnce ? [event] : runs.flatMap((run) => run[index] ?? [])
  })
}

async function hostileJob(
  db: Database,
  text: string,
  events: readonly TrainingEvent[],
): Promise<string> {
  const job_id = randomUUID()
  const host = { host_id: randomUUID(), host: text, root: `/data/${job_id}/${text}` }
  const facts = { name: text, project: text, status: 'running', source: 'journal' } as const
  await registerJob(db, { job_id, ...host, ...facts, is_stoppable: true })
  await record(db, job_id, { source: 'journal', from: null, to: '1', events })
  const complete = (await listCheckpoints(db, job_id)).find((one) => one.files_state === 'complete')
  if (complete) {
    const { checkpoint_id } = complete
    const model_name = `model-${job_id.slice(0, 8)}`
    await createDeployment(db, { job_id, checkpoint_id, model_name, by: text, why: text })
  }
  return job_id
}

/** A token and a change with a hostile name. */
async function hostileCaller(db: Database, text: string): Promise<void> {
  const { token } = await createApiToken(db, { name: `n${text}`, scope: 'read', days: 1 })
  const { token_id, name } = token
  const subject = { project: text, model_name: text }
  const who = { caller: 'token', token_id, person_id: null, name } as const
  const entry = { ...who, procedure: 'jobs.stop', subject }
  await audited(
    db,
    entry,
    async () => undefined,
    () => 'done',
  )
}

/** Addresses for each route, by the route's folder, with hostile names in every parameter. */
function addresses(): Record<string, string[]> {
  const texts = TEXTS.map((text) => encodeURIComponent(text.slice(0, 1_000).toWellFormed()))
  const shown = [...jobs, ...full]
  const compared = [
    `jobs=${shown.join()}`,
    ...texts.map((text) => `project=${text}&metric=${text}`),
  ]
  const views = [
    '',
    '?tab=metrics',
    '?tab=samples&left=__proto__&right=0.1',
    '?log=1',
    '?x=epoch&smooth=0.9',
    '?window=1e17~1.0000000000000002e17&x=time',
  ]
  return {
    '': ['/', ...texts.flatMap((text, index) => listOf(text, index % 2 === 1 ? 'config' : 'last'))],
    jobs: ['/jobs'],
    'jobs/[id]': [
      ...jobs.map((id) => `/jobs/${id}`),
      ...full.flatMap((id) => views.map((view) => `/jobs/${id}${view}`)),
    ],
    'jobs/[id]/samples/[sample]': [],
    // The test of the reports' files reads those of all jobs, which have the same content.
    'jobs/[id]/report': full.map((id) => `/jobs/${id}/report`),
    'jobs/[id]/report.[format]': [],
    compare: ['/compare', ...compared.map((query) => `/compare?${query}&log=1`)],
    'compare/report': compared.map((query) => `/compare/report?${query}`),
    'compare/report.[format]': [],
    backtest: ['/backtest', ...texts.map((text) => `/backtest?target=${text}&project=${text}`)],
    'backtest/download': [],
    alerts: ['/alerts'],
    // Without accounts these pages are not there; the test of accounts shows hostile names on them.
    account: [],
    join: [],
    'sign-in': [],
    'sign-in/provider': [],
    'sign-in/callback/[provider]': [],
    access: ['/access'],
    recipes: ['/recipes', '/recipes?from=__proto__'],
    models: ['/models'],
    'models/download': [],
    // Its answers are JSON.
    'ingest/v1/jobs/[id]/journal': [],
    'ingest/v1/jobs/[id]/samples': [],
    'ingest/v1/jobs/[id]/scores': [],
    'ingest/v1/jobs/[id]/samples/[sample]': [],
    'trpc/[...procedure]': [],
    'api/v1/[...path]': [],
    'api/v1/openapi.json': [],
  }
}

test('each route shows hostile names as plain text', async () => {
  const files = await readdir(join(import.meta.dirname, '../src/routes'), { recursive: true })
  const routes = files.flatMap(
    (file) => /^(?:(.*)\/)?\+(?:page\.svelte|server\.ts)$/.exec(file) ?? [],
  )
  const folders = routes.filter((_, index) => index % 2 === 1).map((folder) => folder ?? '')
  expect([...new Set(folders)].sort()).toEqual(Object.keys(addresses()).sort())
})

/** The list by a name: filtered, and sorted with columns. */
function listOf(text: string, sort: 'config' | 'last'): string[] {
  const columns = `column=best:${text}&column=config:${text}&group=project`
  return [
    `/?search=${text}&tag=${text}&shelf=${text}`,
    `/?project=${text}&${columns}&sort=${sort}:${text}&order=descending`,
  ]
}

/**
 * A phone for every address, and a wide screen for the addresses that have another layout there.
 */
const PHONE: Screen = [320, 'dark']
const DESK: Screen = [1280, 'light']

/** Opens every address, and collects what is wrong with each. */
async function faults(shown: readonly string[]): Promise<unknown[]> {
  const context = await site.visitor()
  const page = await context.newPage()
  await showOn(page, PHONE)
  const messages: string[] = []
  page.on('pageerror', (error) => messages.push(error.message))
  page.on('console', (message) => messages.push(message.text()))
  page.on('dialog', (dialog) => messages.push(dialog.message()))
  const found: unknown[] = []
  for (const address of shown) {
    messages.length = 0
    const answer = await page.goto(address, { waitUntil: 'load' })
    const looks = [await look(page)]
    if (/^\/(jobs\/[^/]+)?$/.test(address.split('?')[0] ?? '')) {
      await showOn(page, DESK)
      looks.push(await look(page))
      await showOn(page, PHONE)
    }
    const said = messages.filter((one) => !/status of 4\d\d/.test(one))
    const status = answer?.status()
    if (Number(status) < 500 && said.length === 0 && looks.every(isFine)) continue
    found.push(
      JSON.stringify({ address: address.slice(0, 120), status, said, looks }).slice(0, 600),
    )
  }
  await context.close()
  return found
}

function isFine({ unseen, broken, beside, owned }: Look): boolean {
  return unseen.length + broken.length + beside === 0 && !owned
}

/** What is wrong with a page as it is shown. */
interface Look {
  /** Texts with characters that nobody sees. */
  unseen: string[]
  /** Coordinates in drawings that are not numbers. */
  broken: string[]
  /** How far it scrolls sideways (px). */
  beside: number
  /** Whether a script of a name ran. */
  owned: boolean
}

async function look(page: Page): Promise<Look> {
  return page.evaluate((source) => {
    const read = ['title', 'alt', 'aria-label', 'aria-valuetext', 'placeholder', 'label']
    const [texts, marks]: [string[], string[]] = [[document.title], []]
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      if (walker.currentNode.parentElement?.tagName !== 'SCRIPT')
        texts.push(walker.currentNode.nodeValue ?? '')
    }
    for (const element of document.querySelectorAll('body *')) {
      for (const name of read) texts.push(element.getAttribute(name) ?? '')
      if (!element.closest('svg')) continue
      for (const { value, name } of element.attributes)
        if (/^(d|x|y|[xy][12]|c[xy]|transform)$/.test(name)) marks.push(value)
    }
    const hidden = new RegExp(source, 'u')
    return {
      unseen: texts.filter((text) => hidden.test(text)),
      broken: marks.filter((mark) => /NaN|Infinity/.test(mark)),
      beside: document.documentElement.scrollWidth - innerWidth,
      owned: 'owned' in window,
    }
  }, UNSEEN.source)
}

test(
  'no hostile name runs, hides, breaks a page or makes it scroll sideways',
  { timeout: 600_000 },
  async () => {
    expect(await faults(Object.values(addresses()).flat())).toEqual([])
    expect(site.printed()).not.toMatch(/Error|\n\s+at /)
  },
)

test('a job is one row of the list, with any name', async () => {
  const page = await (await site.visitor()).newPage()
  await page.goto('/')
  expect(await page.getByRole('row').count()).toBe(1 + jobs.length + full.length)
  for (const link of await page.locator('tbody th a, tbody td a').all()) {
    expect((await link.boundingBox())?.width).toBeGreaterThan(8)
  }
})

test('a download or a call with hostile names is refused with a message', async () => {
  const { request } = await site.visitor()
  for (const text of TEXTS) {
    const name = encodeURIComponent(text.slice(0, 1_000).toWellFormed())
    for (const path of [
      `/backtest/download?format=csv&target=${name}`,
      `/backtest/download?format=${name}`,
      `/jobs/${jobs[0]}/report.${name}`,
      `/compare/report.${name}?project=${name}`,
      `/compare/report.md?project=${name}`,
      `/trpc/${name}`,
      `/jobs/${name}`,
      `/?cursor=${name}`,
      `/trpc/jobs.list?input=${name}`,
    ]) {
      const answer = await request.get(path)
      expect([path, answer.status() < 500]).toEqual([path, true])
    }
  }
})

test('a report of hostile names is one file in each format, and runs and hides nothing', async () => {
  const visitor = await site.visitor()
  const page = await visitor.newPage()
  const addresses = [
    ...[...jobs, ...full].map((job) => [`/jobs/${job}/report`, ''] as const),
    ['/compare/report', `?jobs=${jobs.join()}`] as const,
  ]
  for (const [address, search] of addresses) {
    const saved = async (format: string) => {
      const answer = await visitor.request.get(`${address}.${format}${search}`)
      const text = await answer.text()
      expect([address, format, answer.status(), UNSEEN.exec(text)?.[0]]).toEqual([
        ...[address, format, 200, undefined],
      ])
      return text
    }
    JSON.parse(await saved('json'))
    // Markdown shows what is code as it is.
    const prose = (await saved('md')).replaceAll(/(`+)[^\n]*?[^`]\1(?!`)/g, '')
    expect([address, /(?<!\\)<\w/.exec(prose)?.[0]]).toEqual([address, undefined])
    await page.setContent(await saved('html'))
    const active = page.locator('script, iframe, img, object, link, [onerror], [onload]')
    expect([address, await active.count()]).toEqual([address, 0])
  }
})
