import { TrainingEvent } from './run/event.ts'
import { setOwn } from './named.ts'

/** Texts that a program may misread as something else, by what it may misread them as. */
export const HOSTILE_TEXTS = {
  inherited: '__proto__',
  method: 'constructor',
  markup: `"'><script>window.owned = 1</script><img src=x onerror="window.owned = 1"><b>`,
  template: '{window.owned = 1} ${owned} {{constructor}} <!-- </title></style>',
  link: 'javascript:window.owned=1',
  direction: 'safe\u202egnp.exe\u2066\u061c\u200f',
  unseen: 'eval_\u200bloss\ufeff\u00ad\u2060\u{e0041}',
  lines: 'first\nsecond\r\nthird\u2028fourth\u2029fifth\u0085sixth\tseventh',
  terminal: '\u001b[2J\u001b]0;owned\u0007\u0008\u009b31m\u007f',
  nul: 'a\u0000b',
  long: 'W'.repeat(10_000),
  words: 'to be or not '.repeat(200),
  emoji: '👩‍🔬❤️‍🔥1️⃣ हिन्दी עברית',
  surrogates: '\ud800x\udfff',
  formula: '=HYPERLINK("http://127.0.0.1/?"&A1)',
  negative: '-1+1',
  path: '../../../etc/passwd',
  format: '%s%n%00%0a',
  sql: `'; drop table training_jobs; --`,
  blank: ' ',
} as const
export type HostileText = keyof typeof HOSTILE_TEXTS

/** Numbers at the limits of a double, and neighbouring ones. */
export const HOSTILE_NUMBERS: readonly number[] = [
  ...[1e300, 5e-324, -1e300, 0, -0, NaN, Infinity, -Infinity, Number.MAX_VALUE],
  ...[Math.LN2, Math.LN2 + Number.EPSILON, 1e-300],
]

/** The steps of a hostile run; all have a checkpoint. */
const STEPS = [1, 2, 3, 1e15, 1e15 + 1] as const

/**
 * The events of a run in which every name, path and line has the same hostile text, to record or to
 * write into a journal. The text is also the name of the deciding metric.
 */
export function hostileRun(text: string, extreme = false): TrainingEvent[] {
  const values = (index: number): Record<string, number | null> => {
    const pick = (by: number) => HOSTILE_NUMBERS[(index * 5 + by) % HOSTILE_NUMBERS.length] ?? null
    const some: Record<string, number | null> = {
      eval_loss: extreme ? pick(0) : 3 - index / 2,
      eval_accuracy: extreme ? pick(1) : index / 5,
    }
    setOwn(some, text, extreme ? pick(2) : 1 / (index + 1))
    setOwn(some, `eval_${text}`, extreme ? pick(3) : index)
    return some
  }
  const config = { learning_rate: 0.1, nested: { list: [text] } }
  setOwn<unknown>(config, text, text)
  const directions = {}
  setOwn<string>(directions, text, 'min')
  const logged = STEPS.flatMap((step, index) => [
    { type: 'metrics', step, epoch: step, values: { loss: 4 - index, ...values(index) } },
    {
      type: 'evaluation',
      step,
      epoch: step,
      values: values(index),
      directions,
      origin: { file: text, line: 1 },
    },
    { type: 'log', step, level: LEVELS[index % LEVELS.length], text },
    {
      ...{
        type: 'checkpoint',
        step,
        path: `${index} ${text}`,
        role: index === 0 ? text : null,
        base: text,
      },
      ...{ files_state: index === 1 ? 'broken' : 'complete', files_why: index === 1 ? text : null },
      ...{ kind: 'adapter', bytes: 10 ** index },
    },
  ])
  const events = [
    {
      ...{ type: 'started', name: text, project: text, total_steps: 1e15 + 1, config },
      ...{ metric_for_best: text, direction: 'min', declared_by: text, save_steps: 1 },
    },
    ...logged,
    { type: 'claim', path: text, step: 2, metric: text, value: 1, origin: { file: text, line: 1 } },
    { type: 'ended', status: 'failed', error: `${text}\n${text}` },
  ]
  return events.map((event, index) =>
    TrainingEvent.parse({ attempt: 0, at: 1e12 + index, ...event }),
  )
}

const LEVELS = ['info', 'warning', 'error', 'sample'] as const
