import { userInfo } from 'node:os'
import { readFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { eventually } from '../testing.ts'
import { accountedCause, readAccountedJson, readAccountedText } from './accountedCause.ts'
import { hasAccounting, startAccounting, whyNoAccounting } from './accountingTesting.ts'
import { causeAfter, causeOf } from './endOfJob.ts'
import { shownJob } from './shownJob.ts'
import { phaseOf } from './states.ts'
import { PATIENCE, startSlurm } from './testing.ts'

const MEMORY = `exec ${process.execPath} -e 'globalThis.a = Buffer.alloc(400 << 20, 1); setTimeout(() => {}, 60_000)'`

test.skipIf(!hasAccounting)(
  `the accounting of Slurm tells the same ends apart as scontrol, and who cancelled${whyNoAccounting}`,
  { timeout: PATIENCE },
  async () => {
    await using slurm = await startSlurm(startAccounting)
    vi.stubEnv('SLURM_CONF', slurm.env.SLURM_CONF)
    const begun = (script: string, ...options: string[]) =>
      slurm.submit(`#!/bin/sh\n${script}\n`, options)
    const late = await begun('sleep 600', '--time=60')
    const unwanted = await begun('sleep 600')
    const failing = await begun('exit 4')
    const greedy = await begun(MEMORY, '--mem=100')
    for (const job of [late, unwanted])
      await eventually(async () => (await shownJob(job))?.state === 'RUNNING' || undefined)
    await slurm.call('scontrol', 'update', `JobId=${late}`, 'EndTime=now')
    await slurm.call('scancel', unwanted)

    const bySlurm = async (job_id: string) => {
      const shown = await eventually(async () => {
        const job = await shownJob(job_id)
        return job && phaseOf(job.state) === 'ended' ? job : undefined
      })
      const stderr = await readFile(shown.stderr, 'utf8')
      return causeOf(shown, { job_id, restart_count: 0 }, stderr)?.code
    }
    const causes = [late, unwanted, failing].map((job_id) => accountedCause({ job_id }))
    const codes = (await Promise.all(causes)).map((cause) => cause?.code)
    expect(codes).toEqual(['time_limit', 'cancelled', undefined])
    expect(await Promise.all([late, unwanted, failing].map(bySlurm))).toEqual(codes)

    const job = { job_id: unwanted, restart_count: 0 }
    expect(await causeAfter(job)).toEqual({
      ...{ code: 'cancelled', by: userInfo().username, is_inferred: false },
    })
    for (const job_id of [late, unwanted, failing]) {
      const json = await slurm.call('sacct', '--json', '-X', '-j', job_id)
      const text = await slurm.call('sacct', '-X', '-n', '-P', '-o', 'State', '-j', job_id)
      const read = readAccountedJson(json, job_id)
      expect(read?.state).toBeTruthy()
      expect(await readAccountedText(text)).toEqual(read)
    }
    // Without cgroups only the stderr of a job shows that its memory was too small.
    expect(await bySlurm(greedy)).toBe('out_of_memory')
    expect(await accountedCause({ job_id: greedy })).toBe(undefined)
  },
)

test('the accounts of newer versions have a list of states', () => {
  const jobs = [
    { job_id: 7, state: { current: ['OUT_OF_MEMORY'] }, kill_request_user: '' },
    { job_id: 8, state: { current: 'RUNNING' }, kill_request_user: null },
  ]
  const text = JSON.stringify({ jobs })
  expect(readAccountedJson(text, '7')).toEqual({ state: 'OUT_OF_MEMORY', by: null })
  expect(readAccountedJson(text, '9')).toBe(undefined)
  expect(readAccountedJson('sacct: error', '7')).toBe(undefined)
})
