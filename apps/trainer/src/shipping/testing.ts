import { spawn, type StdioOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeployment, listDeployments, currentFiles } from '@bestmark/db'
import type { TestDatabase } from '@bestmark/db/testing'
import { onTestFinished } from 'vitest'
import { importRun } from '../recording/importRun.ts'
import { writeSafetensors } from '@bestmark/char-lm'
import { writeOutput } from '../testing.ts'

/** A run on one host with one checkpoint of `numbers` values, to ship as `moby`. */
export async function shippedRun(db: TestDatabase, home: string, numbers: number) {
  const [host_id, root] = [randomUUID(), join(home, 'run')]
  await writeOutput(root, { saves: [100], log: [{ step: 100, eval_loss: 1 }] })
  const weights = join(root, 'checkpoint-100', 'model.safetensors')
  const data = new Float32Array(numbers)
  await writeFile(weights, writeSafetensors({ w: { shape: [numbers], data } }))
  const dispose = async (): Promise<void> => {}
  const board = { db, home, host_id, host: 'here', [Symbol.asyncDispose]: dispose }
  const { job_id } = await importRun(board, root, {})
  const [saved] = await currentFiles(db, job_id)
  if (!saved) throw new Error('The run has no checkpoint.')
  const { checkpoint_id } = saved
  const order = (target?: string, model_name = 'moby') =>
    createDeployment(db, { job_id, checkpoint_id, model_name, target })
  const now = async () => {
    const [newest] = await listDeployments(db, { job_id })
    if (!newest) throw new Error('Nothing was ordered.')
    return newest
  }
  const lose = () => rm(join(root, 'checkpoint-100'), { recursive: true })
  return {
    host_id,
    job_id,
    checkpoint_id,
    weights,
    lose,
    models: join(home, 'models', 'moby'),
    order,
    now,
  }
}

/** Ships one order like an agent, or all, in a separate process. */
export function shipElsewhere(
  db: TestDatabase,
  home: string,
  host_id: string,
  orders: 'one' | 'all' = 'one',
) {
  const module = (name: string) => JSON.stringify(import.meta.resolve(name))
  const script = `
    const { openDatabase } = await import(${module('@bestmark/db')})
    const { shipNext } = await import(${module('./shipping.ts')})
    console.log('loaded')
    const db = await openDatabase(${JSON.stringify({ home, databaseUrl: db.databaseUrl })})
    const ship = () => shipNext(db, ${JSON.stringify(host_id)}, ${JSON.stringify(home)}, new AbortController().signal)
    while (await ship() && ${orders === 'all'});
    await db.close()`
  const stdio = ['ignore', 'pipe', 'inherit'] satisfies StdioOptions
  const words = ['--import', import.meta.resolve('@bestmark/db/loader'), '--input-type=module']
  const child = spawn(process.execPath, [...words, '-e', script], { stdio })
  // A process that a failed test leaves running would block the whole test run, even if it sleeps.
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
