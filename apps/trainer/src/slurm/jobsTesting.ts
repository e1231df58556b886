import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shellWord, slurmNumber, type TrainingJobStatus } from '@bestmark/core'
import { listJobs } from '@bestmark/db'
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import type { testBoard } from '../board/testing.ts'
import { BESTMARK, eventually } from '../testing.ts'
import { hasSlurm, startSlurm, type TestSlurm } from './testing.ts'

/**
 * Prints two evaluations per start: the first start those of steps 10 and 15, the next 20 and 25. Then
 * it ends, or waits for a signal; with `memory` it takes all memory after SIGUSR1.
 */
const PROGRAM = `
const [mode] = process.argv.slice(2)
const step = 10 * (1 + Number(process.env.SLURM_RESTART_COUNT ?? 0))
for (const at of [step, step + 5]) console.log(JSON.stringify({ step: at, eval_loss: 100 / at }))
const taken = []
const take = () => setInterval(() => taken.push(Buffer.alloc(50 << 20, 1)), 100)
if (mode === 'memory') process.once('SIGUSR1', take)
if (mode !== 'end') setInterval(() => undefined, 1_000)
`

/** A Slurm, while the tests of a file run, whose jobs are recorded on a board. */
export function slurmWith(here: ReturnType<typeof testBoard>) {
  let slurm: TestSlurm
  beforeAll(async () => {
    if (!hasSlurm) return
    slurm = await startSlurm()
    await writeFile(join(slurm.path, 'train.mjs'), PROGRAM)
  })
  // The agent of a test asks this Slurm.
  beforeEach(() => void (hasSlurm && vi.stubEnv('SLURM_CONF', slurm.env.SLURM_CONF)))
  afterAll(async () => slurm?.[Symbol.asyncDispose]())

  /** Submits a batch script that becomes `bestmark run`, whose program trains in a mode. */
  const submit = (mode: 'end' | 'wait' | 'memory', ...options: string[]): Promise<string> => {
    const program = [process.execPath, join(slurm.path, 'train.mjs'), mode]
    const words = [BESTMARK, 'run', '--', ...program].map(shellWord)
    return slurm.submit(`#!/bin/sh\nexec ${words.join(' ')}\n`, options, here.env)
  }

  /** The jobs of a Slurm job or array, found by its number. */
  async function found(search: string): Promise<TrainingJobStatus[]> {
    const { jobs } = await listJobs(here.board.db, { search })
    // The number may also begin an id.
    return jobs.filter(
      ({ slurm }) =>
        slurm && [slurmNumber(slurm), slurm.job_id, slurm.array_job_id].includes(search),
    )
  }

  /** The only job of a Slurm job, once it satisfies a condition. */
  const jobOf = (number: string, holds: (job: TrainingJobStatus) => boolean) =>
    eventually(async () => {
      const [job, ...others] = await found(number)
      return others.length === 0 && job && holds(job) ? job : undefined
    })

  return {
    ...{ submit, found, jobOf },
    call: (...words: [string, ...string[]]) => slurm.call(...words),
    /** Submits any batch script. */
    submitScript: (script: string, ...options: string[]) => slurm.submit(script, options, here.env),
  }
}
