import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventRecord } from '../../apps/trainer/src/sources/tensorboard/tfeventsTesting.ts'
import { weightsOf } from '../../apps/trainer/src/testing.ts'

/** Milliseconds from one step to the next. */
const PACE = 50
const [EVALUATE, SAVE] = [10, 50]
/** The file to which the writers write how many steps they made. */
export const STEPS = 'steps.json'

/** A kind of program: what it writes at its start, at each step, and at its end. */
interface Writer {
  begin?: (root: string) => void
  step: (root: string, step: number) => void
  end?: (root: string, step: number) => void
}

const lossAt = (step: number): number => 1 / step
const evalAt = (step: number): number => 1 + Math.abs(step - 300) / 1_000
const isEvaluated = (step: number): boolean => step % EVALUATE === 0

/** One program per way of writing runs; each makes the same steps. */
export const WRITERS: Record<string, Writer> = {
  huggingface: { step: saveState, end: (root, step) => writeState(root, step) },
  lightning: table('metrics.csv', 'epoch,step,train_loss,val_loss\n', (step) => {
    const row = `0,${step - 1},${lossAt(step)},\n`
    return isEvaluated(step) ? `${row}0,${step - 1},,${evalAt(step)}\n` : row
  }),
  keras: table('history.csv', 'epoch,loss,val_loss\n', (step) => {
    return `${step - 1},${lossAt(step)},${evalAt(step)}\n`
  }),
  dvclive: { step: dvcliveRows },
  tensorboard: {
    step: (root, step) => {
      const values = [{ tag: 'loss', value: lossAt(step) }]
      if (isEvaluated(step)) values.push({ tag: 'eval_loss', value: evalAt(step) })
      append(root, 'events.out.tfevents.1.soak', eventRecord(step, values))
    },
  },
  printed: table('train.log', '', (step) => {
    const line = `iter ${step}: loss ${lossAt(step).toFixed(6)}, time 10.00ms, mfu 1.00%\n`
    const evaluated = `step ${step}: train loss ${lossAt(step).toFixed(4)}, val loss ${evalAt(step).toFixed(4)}\n`
    return isEvaluated(step) ? evaluated + line : line
  }),
  run_log: {
    begin: (root) => append(root, 'bestmark-output.log', mark('started: soak')),
    step: (root, step) => {
      const values = {
        step,
        loss: lossAt(step),
        ...(isEvaluated(step) && { eval_loss: evalAt(step) }),
      }
      append(root, 'bestmark-output.log', `${JSON.stringify(values)}\n`)
    },
    end: (root) => append(root, 'bestmark-output.log', mark('completed')),
  },
}

function mark(word: string): string {
  return `bestmark run: ${new Date().toISOString()} ${word}\n`
}

function append(root: string, file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  appendFileSync(join(root, file), content)
}

function table(file: string, head: string, rowOf: (step: number) => string): Writer {
  return {
    begin: (root) => append(root, file, head),
    step: (root, step) => append(root, file, rowOf(step)),
  }
}

function dvcliveRows(root: string, step: number): void {
  const tables: [name: string, value: number][] = [['train/loss', lossAt(step)]]
  if (isEvaluated(step)) tables.push(['eval/loss', evalAt(step)])
  for (const [name, value] of tables) {
    const file = `dvclive/plots/metrics/${name}.tsv`
    if (step === 1 || (name === 'eval/loss' && step === EVALUATE)) {
      append(root, file, `timestamp\tstep\t${name}\n`)
    }
    append(root, file, `${Date.now()}\t${step}\t${value}\n`)
  }
}

/** With each checkpoint the Trainer saves everything it logged so far. */
function saveState(root: string, step: number): void {
  if (step % SAVE !== 0 && step !== 1) return
  const folder = `checkpoint-${step}`
  writeState(root, step, folder)
  writeFileSync(join(root, folder, 'model.safetensors'), weightsOf(step))
}

function writeState(root: string, step: number, folder = ''): void {
  const log_history = Array.from({ length: step }, (_, index) => index + 1).flatMap((at) => {
    const row = { step: at, loss: lossAt(at) }
    return isEvaluated(at) ? [row, { step: at, eval_loss: evalAt(at) }] : [row]
  })
  const best = { best_metric: null, best_model_checkpoint: null }
  const state = { ...best, global_step: step, max_steps: step, num_train_epochs: 1, log_history }
  mkdirSync(join(root, folder), { recursive: true })
  const max_steps = folder === '' ? step : 1_000_000
  writeFileSync(join(root, folder, 'trainer_state.json'), JSON.stringify({ ...state, max_steps }))
}

/** Writes the runs of all kinds below a folder until it is asked to stop. */
async function main(folder: string): Promise<void> {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  const each = (work: (writer: Writer, root: string) => void): void => {
    for (const [name, writer] of Object.entries(WRITERS)) work(writer, join(folder, name))
  }
  each((writer, root) => writer.begin?.(root))
  let step = 0
  while (!stop.signal.aborted) {
    step++
    each((writer, root) => writer.step(root, step))
    await sleep(PACE, undefined, { signal: stop.signal }).catch(() => undefined)
  }
  each((writer, root) => writer.end?.(root, step))
  writeFileSync(join(folder, STEPS), JSON.stringify(step))
}

const [folder] = process.argv.slice(2)
if (import.meta.main && folder) await main(folder)
