import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeOld, weightsOf } from '../../testing.ts'

/** When the journal was written (ms). */
const AT = 1_760_000_000_000

const LOG = Array.from({ length: 40 }, (_, index) => {
  const [step, epoch] = [10 * (index + 1), index / 4]
  const n = index + 1
  return index % 4 === 3
    ? { step, eval_loss: 2 / n, eval_f1: index / 40, epoch }
    : { step, loss: 3 / n, learning_rate: 0.1 / n, epoch }
})

/** Writes the runs that each released version imported, exactly as they were then. */
export async function writeReleasedRuns(folder: string): Promise<void> {
  const put = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  for (const name of ['states', 'state alone', 'both ways']) {
    for (const step of [200, 400]) {
      await put(`${name}/checkpoint-${step}/trainer_state.json`, stateAt(step))
      await put(`${name}/checkpoint-${step}/model.safetensors`, weightsOf(step))
    }
    await put(`${name}/trainer_state.json`, stateAt(400))
  }
  await put('table/metrics.csv', `epoch,step,train_loss,val_loss\n${rows().join('')}`)
  await put('journal/journal.jsonl', lines().join(''))
  await makeOld(folder)
}

function stateAt(step: number): string {
  const best = { best_metric: null, best_model_checkpoint: null }
  const totals = { global_step: step, max_steps: 400, num_train_epochs: 10, save_steps: 200 }
  const log_history = LOG.filter((row) => row.step <= step)
  return JSON.stringify({ ...best, ...totals, epoch: step / 40, log_history })
}

function rows(): string[] {
  return Array.from({ length: 60 }, (_, index) => {
    const [epoch, n] = [Math.floor(index / 6), index + 1]
    return index % 6 === 5 ? `${epoch},${index},,${2 / n}\n` : `${epoch},${index},${3 / n},\n`
  })
}

function lines(): string[] {
  const named = { name: 'journal', project: 'p' }
  const job_id = '6f0c9b34-5f0e-4c55-8d5b-3f6d3f3a8a01'
  const of = { attempt: 0 }
  const begun = { type: 'started', ...of, at: AT, ...named, total_steps: 60, config: {} }
  const points = Array.from({ length: 60 }, (_, index) => {
    const values = { loss: 3 / (index + 1) }
    return { type: 'metrics', ...of, at: AT + index, step: index + 1, values }
  })
  const measured = [20, 40, 60].map((step) => {
    const values = { eval_loss: 1 / step }
    return { type: 'evaluation', ...of, at: AT + step, step, epoch: 1, values }
  })
  const ended = { type: 'ended', ...of, at: AT + 61, status: 'completed', error: null }
  const header = { journal: 1, job_id, ...named, recipe: 'char-lm' }
  const all = [header, begun, ...points, ...measured, ended]
  return all.map((line) => `${JSON.stringify(line)}\n`)
}
