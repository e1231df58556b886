import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Failure } from '../../failure.ts'
import { runWithRestarts, type Restarts } from './restarts.ts'

const SOON: Restarts = { most: 3, wait: { first: 1, longest: 4 }, steady: 60_000 }

/** Runs a process until it exits or is killed. */
async function runProcess(code: string): Promise<string> {
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' })
  const [exit, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal ? `was killed by ${signal}` : `ended with exit code ${exit}`
}

test('a part is restarted with a message each time, until it ended too often in a row', async () => {
  const lines: string[] = []
  let runs = 0
  const run = (): Promise<string> => {
    runs++
    return runProcess("process.kill(process.pid, 'SIGKILL')")
  }
  const keeping = runWithRestarts('The part', run, new AbortController().signal, {
    log: (line) => lines.push(line),
    restarts: SOON,
  })
  await expect(keeping).rejects.toThrow(Failure)
  await expect(keeping).rejects.toThrow(
    'The part was killed by SIGKILL. It ended 4 times in a row, so it is not started again.',
  )
  expect(runs).toBe(4)
  expect(lines).toEqual([
    'The part was killed by SIGKILL. It starts again in 0.001 s (1 of 3 in a row).',
    'The part was killed by SIGKILL. It starts again in 0.002 s (2 of 3 in a row).',
    'The part was killed by SIGKILL. It starts again in 0.004 s (3 of 3 in a row).',
  ])
})

test('after a steady time the count of restarts begins again', async () => {
  const over = new AbortController()
  let runs = 0
  const run = async (): Promise<string> => {
    if (++runs === 10) over.abort()
    return runProcess('')
  }
  const restarts = { ...SOON, most: 1, steady: 0 }
  await runWithRestarts('The part', run, over.signal, { log: () => undefined, restarts })
  expect(runs).toBe(10)
})

test('a part that cannot be started is tried again', async () => {
  const lines: string[] = []
  const over = new AbortController()
  const run = async (): Promise<string> => {
    if (lines.length === 2) over.abort()
    throw new Error('no room')
  }
  await runWithRestarts('The part', run, over.signal, {
    log: (line) => lines.push(line),
    restarts: SOON,
  })
  expect(lines[0]).toContain('The part failed (no room). It starts again')
})
