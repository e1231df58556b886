import { once } from 'node:events'
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { listDeployments, liveDeployments, rollBack } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Publication } from '../targets/publication.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { eventually, temporaryFolder } from '../testing.ts'
import { shipNext } from './shipping.ts'
import { shipElsewhere, shippedRun } from './testing.ts'

/** How many agents are killed for each target; more of them by hand, for minutes. */
const KILLS = Number(process.env['BESTMARK_KILLS'] ?? 4)
/** The latest that an agent is killed after it began (ms). */
const LATEST = 120
/** How often `current` is looked at (ms). */
const LOOK = 2

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
const never = new AbortController().signal

/** Looks at a live version again and again; the sizes of its weights that were seen. */
function lookOn(weights: string) {
  const over = new AbortController()
  const sizes = new Map<unknown, number>()
  const looking = (async () => {
    while (!over.signal.aborted) {
      const seen = await stat(weights).then(({ size }) => size, String)
      sizes.set(seen, (sizes.get(seen) ?? 0) + 1)
      await sleep(LOOK)
    }
  })()
  const end = async () => {
    over.abort()
    await looking
    return [...sizes.keys()]
  }
  return { end }
}

test.each(['folder', 'command'] as const)(
  'agents that are killed at any time while they ship to a %s, or roll back, leave a live version that the ledger names',
  { timeout: 120_000 + KILLS * 30_000 },
  async (kind) => {
    await using home = await temporaryFolder()
    const log = join(home.path, 'delivered')
    const script = `require('fs').appendFileSync(${JSON.stringify(log)}, process.env.BESTMARK_DEPLOYMENT_ID + '\\n')`
    const argv = [process.execPath, '-e', script]
    const prod = kind === 'folder' ? { kind } : { kind, argv }
    const run = await shippedRun(db, home.path, 100_000)
    const { host_id, job_id } = run
    await writeFile(join(home.path, TARGETS_FILE), JSON.stringify({ targets: { prod } }))
    await new Publication(db, { host_id, home: home.path }).refresh()
    await run.order('prod')
    await shipNext(db, host_id, home.path, never)
    const folder = join(home.path, 'targets', 'prod', 'moby')
    const { size } = await stat(run.weights)
    const looks = lookOn(join(folder, 'current', 'model.safetensors'))
    for (let kill = 0; kill < KILLS; kill++) {
      const [live] = await liveDeployments(db, { job_id })
      const earlier = (await listDeployments(db, { job_id })).find(
        (one) => one.status === 'done' && one.deployment_id !== live?.deployment_id,
      )
      // Each second order goes back to the version before, once there is one.
      if (kill % 2 === 1 && earlier)
        await rollBack(db, { job_id, deployment_id: earlier.deployment_id })
      else await run.order('prod')
      const child = shipElsewhere(db, home.path, host_id)
      const dead = once(child, 'exit')
      await eventually(async () => ((await run.now()).status === 'queued' ? undefined : true))
      await sleep(Math.random() * LATEST)
      child.kill('SIGKILL')
      await dead
      await db.sql`update deployments set advanced_at = advanced_at - 60000
        where job_id = ${job_id} and ended_at is null`
      await shipNext(db, host_id, home.path, never)
      const { status, error, absolute_path, deployment_id } = await run.now()
      expect([kill, status, error]).toEqual([kill, 'done', null])
      expect(await readlink(join(folder, 'current'))).toBe(basename(absolute_path ?? ''))
      expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
      if (kind === 'command') expect(await readFile(log, 'utf8')).toContain(deployment_id)
    }
    expect(await looks.end()).toEqual([size])
  },
)
