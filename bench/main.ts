import { ownValue } from '@bestmark/core'
import { spawnSync } from 'node:child_process'
import { printLine } from './figures.ts'

interface Benchmark {
  title: string
  load: () => Promise<{ run: (words: readonly string[]) => Promise<void> }>
}

const BENCHMARKS: Record<string, Benchmark> = {
  select: { title: 'The choice among 10,000,000 checkpoints', load: () => import('./select.ts') },
  pick: { title: 'bestmark pick on 50 checkpoints', load: () => import('./pick.ts') },
  record: { title: 'A journal of 10,000,000 points into rows', load: () => import('./record.ts') },
  tensorboard: {
    title: 'An event file of TensorBoard with 10,000,000 points into rows',
    load: () => import('./tensorboard.ts'),
  },
  import: { title: 'bestmark import of 200 small runs', load: () => import('./import.ts') },
  trickle: { title: 'An hour of a live run, on the disk', load: () => import('./trickle.ts') },
  disk: { title: 'A live run in real time, table by table', load: () => import('./disk.ts') },
  step: { title: 'Recording, as a share of a training step', load: () => import('./step.ts') },
  live: { title: "From the trainer's write to the page", load: () => import('./live.ts') },
  readers: {
    title: 'From a write to 300 live readers, 20 beside them that never read',
    load: () => import('./readers.ts'),
  },
  grid: { title: 'A grid of 60 charts of 2,000 points', load: () => import('./grid.ts') },
  pages: {
    title: 'The job page, a list of 10,000, a zoom into 1,000,000 points, 50 compared runs',
    load: () => import('./pages.ts'),
  },
  size: {
    title: 'How reading grows with points, checkpoints, jobs, readers and hosts',
    load: () => import('./size.ts'),
  },
  output: {
    title: 'A printed output of 100 MB',
    load: () => import('./output.ts'),
  },
  idle: {
    title: 'An idle board, and an agent with runs that do not grow',
    load: () => import('./idle.ts'),
  },
  simulate: {
    title: 'What hosts with many runs cost the database, and how late their points are',
    load: () => import('./simulate.ts'),
  },
  notes: {
    title: 'How often each note is right on public runs',
    load: () => import('./notes/notes.ts'),
  },
  fresh: {
    title: 'From a fresh clone to live points on the page',
    load: () => import('./fresh.ts'),
  },
}

const asked = process.argv.slice(2)
// Options follow the name of one benchmark.
const first = asked.findIndex((word) => word.startsWith('-'))
const chosen = first < 0 ? asked : asked.slice(0, first)
const words = first < 0 ? [] : asked.slice(first)
const unknown = chosen.find((name) => !Object.hasOwn(BENCHMARKS, name))
if (unknown !== undefined) {
  printLine(`Unknown benchmark "${unknown}". Available: ${Object.keys(BENCHMARKS).join(', ')}.`)
  process.exit(2)
}
if (words.length > 0 && chosen.join() !== 'simulate') {
  printLine('Only simulate has options.')
  process.exit(2)
}
const names = Object.keys(BENCHMARKS).filter((name) => chosen.length === 0 || chosen.includes(name))
const [only = ''] = names
if (names.length > 1) for (const name of names) runInNewProcess(name)
else await runHere(only)

/** Uses a separate process, because memory left by one benchmark hides what the next one takes. */
function runInNewProcess(name: string): void {
  const { status } = spawnSync(process.execPath, [import.meta.filename, name], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = status ?? 1
}

async function runHere(name: string): Promise<void> {
  const benchmark = ownValue(BENCHMARKS, name)
  if (!benchmark) return
  printLine(`${name}: ${benchmark.title}`)
  const { run } = await benchmark.load()
  await run(words)
}
