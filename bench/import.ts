import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, migrate } from '@bestmark/db'
import { makeOld, writeOutput } from '../apps/trainer/src/testing.ts'
import { bestmark, boardEnv, temporaryFolder } from '../e2e/board.ts'
import { childrenSeconds, cpuSince, cpuSoFar } from './cpu.ts'
import { ms, printLine } from './figures.ts'

/** Small runs: how many, their training losses, and after how many of them one is saved. */
const [RUNS, LOSSES, SAVE_EVERY] = [200, 60, 20]
/** Steps between two losses. */
const LOG_EVERY = 10

/** `bestmark import` of a folder of small runs, against one that only reads their bytes. */
export async function run(): Promise<void> {
  await using folder = await temporaryFolder()
  const [home, runs, one] = ['home', 'runs', 'one'].map((name) => join(folder.path, name))
  for (let index = 0; index < RUNS; index++) await writeRun(join(runs ?? '', `run-${index}`))
  await writeRun(join(one ?? '', 'run'))
  await makeOld(folder.path)
  const db = await openDatabase({ home: home ?? '' })
  await migrate(db)
  const alone = await imported(one ?? '', home ?? '')
  const all = await imported(runs ?? '', home ?? '')
  await db.close()
  const since = performance.now()
  await readAll(runs ?? '')
  const floor = performance.now() - since
  printLine(
    `  ${RUNS} runs of ${LOSSES} losses: ${all}; one run: ${alone}; their bytes: ${ms(floor)}`,
  )
}

/** What the command takes, with the processor time of both sides. */
async function imported(path: string, home: string): Promise<string> {
  const [since, before, children] = [performance.now(), cpuSoFar(home), childrenSeconds()]
  const { code, stderr } = await bestmark(['import', path], boardEnv(home))
  if (code !== 0) throw new Error(stderr)
  const taken = ms(performance.now() - since)
  const importer = (childrenSeconds() - children).toFixed(1)
  const server = cpuSince(home, before).server.toFixed(1)
  return `${taken} (processor: import ${importer} s, Postgres ${server} s)`
}

async function writeRun(root: string): Promise<void> {
  const log: Record<string, number>[] = []
  const saves: number[] = []
  for (let count = 1; count <= LOSSES; count++) {
    const step = count * LOG_EVERY
    log.push({ step, epoch: step / 1000, loss: Math.random(), learning_rate: 1e-4 })
    if (count % SAVE_EVERY !== 0) continue
    log.push({ step, epoch: step / 1000, eval_loss: Math.random(), eval_accuracy: Math.random() })
    saves.push(step)
  }
  await writeOutput(root, { saves, log })
}

async function readAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await readFile(join(entry.parentPath, entry.name))
  }
}
