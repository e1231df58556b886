import { TrainingEvent } from '@bestmark/core'
import {
  addTestAlert,
  advanceDeployment,
  alertFailed,
  answerPrompt,
  checkpointId,
  claimAlerts,
  createDeployment,
  type Database,
  noteJob,
  orderPrompt,
  publishTargets,
  saveRule,
  saveView,
  tagJobs,
} from '@bestmark/db'
import { picture } from './pictures.ts'
import { checkpoint, ended, evaluation, HOST, metrics, Run } from './runs.ts'

const LONG = `${'a-name-longer-than-any-screen-'.repeat(9)}with-its-own-end-of-300-letters`
const TRACEBACK = `Traceback (most recent call last):\n  File "/${'d'.repeat(300)}/train.py", line 7\nValueError: loss is not a number\n`
const CURVE = [3, 2.7, 2.5, 2.3, 2.23, 2.24, 2.235, 2.4, 2.9]

/** Jobs that are hard to show, by what is odd about each. */
const ODD = {
  usual: (db: Database) => usualJob(db),
  long: (db: Database) => longJob(db),
  emoji: (db: Database) => trained(db, '🐳🔥 whale 👩‍👩‍👧‍👦 größer', CURVE, ended('completed')),
  rightToLeft: (db: Database) => trained(db, 'تدريب النموذج العربي', CURVE, ended('completed')),
  nanOnly: (db: Database) => trained(db, 'nan-only', [NaN, NaN, NaN]),
  onePoint: (db: Database) => trained(db, 'one-point', [2.5]),
  noEvaluation: (db: Database) => trained(db, 'no-evaluation', [], metrics(10, 3), metrics(20, 2)),
  huge: (db: Database) => trained(db, 'huge', [1e38, 3.2e-12, 1e6], ended('completed')),
  failed: (db: Database) => trained(db, 'failed', CURVE, ended('failed', 'CUDA out of memory')),
  lost: (db: Database) => trained(db, 'lost', CURVE, ended('lost')),
  stopped: (db: Database) => trained(db, 'stopped', CURVE, ended('stopped')),
}

/** The ids of the jobs. */
export type OddBoard = Record<keyof typeof ODD, string>

/** Fills a board with jobs that are hard to show, a rule, alerts, a view and shipped models. */
export async function oddBoard(db: Database): Promise<OddBoard> {
  const ids: Partial<OddBoard> = {}
  for (const [odd, make] of Object.entries(ODD)) {
    ids[odd as keyof OddBoard] = (await make(db)).job_id
  }
  const board = ids as OddBoard
  await changeJobs(db, board)
  await ship(db, board.usual, 'done')
  await ship(db, board.usual, 'failed')
  await talk(db, board.usual)
  await addAlert(db)
  return board
}

async function trained(
  db: Database,
  name: string,
  losses: readonly number[],
  ...then: TrainingEvent[]
): Promise<Run> {
  const config = { seed: losses.length, learning_rate: losses[0] ?? null, note: '🔥 مشروع' }
  const run = await new Run(db, name).begin({ config, project: 'odd' }, 'odd')
  await run.train(losses)
  if (then.length > 0) await run.record(...then)
  return run
}

/** A run with scores, samples and output. */
async function usualJob(db: Database): Promise<Run> {
  const run = await new Run(db, 'moby-char-lm').begin()
  for (const [index, loss] of CURVE.entries()) {
    const step = 100 * (index + 1)
    await run.record(
      metrics(step - 50, 4 / (index + 1)),
      evaluation(step, loss, { eval_f1: 0.5 + index / 30, eval_accuracy: 0.4 + index / 20 }),
      checkpoint(step),
      sampleAt(step, { kind: 'image', prompt: 'a red fox', content: picture(step / 2) }),
      sampleAt(step, { kind: 'text', prompt_index: 1, text: `Call me Ishmael, ${step} times` }),
    )
  }
  const lines = ['step 100 loss 3.0', ...TRACEBACK.split('\n'), 'ready']
  await run.record(
    ...lines.map((text) => TrainingEvent.parse({ ...AT, type: 'log', level: 'info', text })),
  )
  return run
}

const AT = { attempt: 0, at: 1 }
const sampleAt = (step: number, more: object) =>
  TrainingEvent.parse({
    ...{ ...AT, type: 'sample', step, prompt_index: 0, path: `sample/${step}.png` },
    ...more,
  })

/** Each name of the run is long, and so is the error that ended it. */
async function longJob(db: Database): Promise<Run> {
  const config = { [`option_${LONG}`]: LONG }
  const run = await new Run(db, LONG).begin({ config }, LONG)
  for (const step of [100, 200, 300]) {
    await run.record(
      metrics(step, 200 / step),
      evaluation(step, 300 / step, { [`eval_${LONG}`.slice(0, 120)]: step }),
      { ...checkpoint(step), path: `${LONG.slice(0, 200)}/checkpoint-${step}` },
    )
  }
  await run.record(ended('failed', TRACEBACK))
  return run
}

async function changeJobs(db: Database, { usual, long }: OddBoard): Promise<void> {
  await tagJobs(db, [usual], { add: ['lora', 'r16'] })
  await tagJobs(db, [long], { add: [LONG.slice(0, 60), 'مشروع', '🔥'] })
  await noteJob(db, usual, 'The first run with the new tokenizer.')
  await noteJob(db, long, `A note with ${LONG}`)
  await saveView(db, { name: LONG.slice(0, 100), query: '?status=failed' })
}

async function ship(db: Database, job_id: string, status: 'done' | 'failed'): Promise<void> {
  const checkpoint_id = checkpointId(job_id, { attempt: 0, step: 500, path: 'checkpoint-500' })
  const order = { job_id, checkpoint_id, model_name: 'm'.repeat(64), by: 'ana', why: 'the newest' }
  const { deployment_id, bytes_total } = await createDeployment(db, order)
  await advanceDeployment(db, {
    ...{ job_id, deployment_id, status, bytes_done: bytes_total, bytes_total },
    ...(status === 'done' ? { absolute_path: `/models/${LONG}` } : { error: `No space: ${LONG}` }),
  })
}

/** Ships to a playground, which wrote long words. */
async function talk(db: Database, job_id: string): Promise<void> {
  const { host_id } = HOST
  const target = { name: 'talk', kind: 'playground', place: 'the pages', conditions: null } as const
  await publishTargets(db, host_id, [target])
  const checkpoint_id = checkpointId(job_id, { attempt: 0, step: 500, path: 'checkpoint-500' })
  const order = { job_id, checkpoint_id, model_name: 'talker', target: 'talk', why: 'the best' }
  const { deployment_id } = await createDeployment(db, order)
  const key = { job_id, deployment_id }
  const done = { status: 'done', absolute_path: '/models/talker/1' } as const
  await advanceDeployment(db, { ...key, ...done, bytes_done: 1, bytes_total: 1 })
  const { prompt_id } = await orderPrompt(db, { ...key, prompt: 'In the morning the old ' })
  const written = { shipped: 'captain said to the\nwhale: تدريب 🐳', last: LONG, last_step: 900 }
  await answerPrompt(db, { job_id, prompt_id }, { state: 'answered', ...written, error: null })
}

async function addAlert(db: Database): Promise<void> {
  const rule_id = await saveRule(db, {
    ...{ project: LONG, kinds: ['new_best', 'failed'], evaluations: 3 },
    destination: { type: 'slack', url: `https://${'host.'.repeat(30)}example.org/T0/B0/secret` },
  })
  await addTestAlert(db, rule_id)
  const [claimed] = await claimAlerts(db)
  if (claimed) await alertFailed(db, claimed, { code: 'http', status: 404, detail: LONG })
}

/** Addresses of all pages, and of the parts that a page loads when they are asked for. */
export function pagesOf(board: OddBoard): string[] {
  const { usual, long, emoji, rightToLeft, nanOnly } = board
  const jobs = Object.values(board)
  const tabs = ['samples', 'metrics', 'output', 'configuration', 'history']
  return [
    '/',
    '/?group=project&column=best:eval_f1&column=config:learning_rate',
    '/?search=nothing&status=failed',
    '/?shelf=deleted',
    ...jobs.map((job_id) => `/jobs/${job_id}`),
    ...tabs.map((tab) => `/jobs/${usual}?tab=${tab}`),
    ...tabs.map((tab) => `/jobs/${long}?tab=${tab}`),
    ...[usual, long, rightToLeft, nanOnly].map((job_id) => `/jobs/${job_id}/report`),
    `/compare?jobs=${[usual, long, emoji, rightToLeft].join()}`,
    '/compare?project=odd',
    '/compare',
    '/compare/report?project=odd',
    '/backtest',
    '/alerts',
    '/access',
    '/recipes',
    '/models',
    '/no-such-page',
  ]
}

/** The pages that only a board with accounts has. */
export const ACCOUNT_PAGES = ['/sign-in', '/join', '/account'] as const
