import { mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { JOURNAL } from '@bestmark/core'
import { writeRunProcess } from '../../apps/trainer/src/processes/mark.ts'
import { answerOrders, type Task } from './messages.ts'
import { now, spread } from './pace.ts'

/** The programs of all runs of a host in one cheap process: it keeps their journals open and appends. */
const over = new AbortController()
const written: number[][] = []
let files: number[] = []
let rate = 0
let writing: Promise<void> = Promise.resolve()

answerOrders({
  task: async (task: Task) => {
    rate = task.rate
    files = task.runs.map(begin)
  },
  begin: () => {
    if (rate > 0) writing = spread({ count: files.length, every: 1_000 / rate }, log, over.signal)
  },
  end: async () => {
    over.abort()
    await writing
    return { written }
  },
})

/** Begins a run, whose first step is 0; this process counts as the one that trains it. */
function begin({ job_id, folder }: Task['runs'][number]): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const named = { name: 'simulated', project: 'simulated' }
  const file = openSync(join(folder, JOURNAL), 'a')
  const at = now()
  append(file, { journal: 1, job_id, ...named })
  append(file, { type: 'started', attempt: 0, at, ...named, total_steps: 1_000_000, config: {} })
  append(file, { type: 'metrics', attempt: 0, at, step: 0, values: { loss: 1 } })
  writeRunProcess(folder, 0)
  written.push([at])
  return file
}

function log(index: number): void {
  const times = written[index] ?? []
  const step = times.length
  const at = now()
  times.push(at)
  append(files[index] ?? NaN, { type: 'metrics', attempt: 0, at, step, values: { loss: 1 / step } })
}

function append(file: number, line: object): void {
  writeSync(file, `${JSON.stringify(line)}\n`)
}
