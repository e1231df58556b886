import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Database, findJobs, openDatabase, readSeries } from '@bestmark/db'
import { serversMissing, TestServers } from '@bestmark/db/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { command } from '../testing.ts'
import { BESTMARK, eventually, temporaryFolder } from '../../testing.ts'

/** Logs six steps, and waits before each step for which a file is named. */
const STEPS = `
import { existsSync } from 'node:fs'
const [go] = process.argv.slice(2)
for (let step = 1; step <= 6; step++) {
  if (step === 2 || step === 5) while (!existsSync(go + step)) await new Promise((next) => setTimeout(next, 20))
  console.log(JSON.stringify({ step, loss: 1 / step }))
}
`

describe.skipIf(serversMissing())('a run on servers of its own', () => {
  let servers: TestServers
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  beforeEach(async () => {
    servers = await TestServers.start()
    folder = await temporaryFolder()
    await writeFile(join(folder.path, 'steps.mjs'), STEPS)
  })
  afterEach(async () => {
    await servers[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const envWith = (urls: Record<string, string>) => ({
    ...{ BESTMARK_HOME: join(folder.path, 'home'), INIT_CWD: folder.path },
    ...urls,
  })

  /** A run of the program, in a process of its own. */
  function start(urls: Record<string, string>) {
    const words = ['run', '--name', 'steps', '--folder', join(folder.path, 'run'), '--', 'node']
    const program = [join(folder.path, 'steps.mjs'), join(folder.path, 'go')]
    const child = spawn(BESTMARK, [...words, ...program], {
      cwd: folder.path,
      env: { ...process.env, ...envWith(urls) },
    })
    const ended = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
    const outcome = Promise.all([ended, text(child.stdout), text(child.stderr)])
    return {
      goOn: (step: number) => writeFile(join(folder.path, `go${step}`), ''),
      end: () => outcome.then(([code, stdout, stderr]) => ({ code, stdout, stderr })),
    }
  }

  async function stepsIn(db: Database): Promise<number[]> {
    const [job] = await findJobs(db, 'steps')
    if (!job) return []
    const [loss] = await readSeries(db, job.job_id, { names: ['loss'], points: 100 })
    return [...(loss?.steps ?? [])]
  }

  const untilRecorded = (databaseUrl: string, last: number) =>
    eventually(async () => {
      const db = await openDatabase({ home: folder.path, databaseUrl })
      const steps = await stepsIn(db).catch(() => [])
      await db.close()
      return steps.at(-1) === last || undefined
    })

  test('through pgbouncer every step is recorded, and commands read it', async () => {
    const pool = await servers.pool(servers.primary, 2)
    const urls = { DATABASE_URL: pool.url(), DATABASE_LISTEN_URL: servers.primary.url() }
    const run = start(urls)
    await untilRecorded(servers.primary.url(), 1)
    await Promise.all([run.goOn(2), run.goOn(5)])
    expect(await run.end()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('pool') })
    await untilRecorded(servers.primary.url(), 6)
    const jobs = await command(['jobs', '--json'], { env: envWith(urls) })
    expect(JSON.parse(jobs.stdout)).toMatchObject({ name: 'steps', status: 'completed' })
    const backup = ['backup', join(folder.path, 'board.bestmark')]
    expect(await command(backup, { env: envWith(urls) })).toMatchObject({ code: 0 })
    const restore = ['restore', join(folder.path, 'board.bestmark'), '--replace']
    const refused = await command(restore, { env: envWith(urls) })
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('leads to a pool') })
  })

  test('without a direct address one warning says what to set', async () => {
    const pool = await servers.pool(servers.primary, 2)
    const run = start({ DATABASE_URL: pool.url() })
    await Promise.all([run.goOn(2), run.goOn(5)])
    const { code, stderr } = await run.end()
    expect(code).toBe(0)
    expect(stderr.split('set DATABASE_LISTEN_URL')).toHaveLength(2)
    const listed = await command(['jobs'], { env: envWith({ DATABASE_URL: pool.url() }) })
    expect(listed.stderr).not.toContain('DATABASE_LISTEN_URL')
  })

  test('after a failover nothing is lost, also what the new server had never received', async () => {
    const standby = await servers.standby()
    const { primary } = servers
    const list = `postgres://postgres@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/postgres`
    const run = start({ DATABASE_URL: list })
    await untilRecorded(standby.url(), 1)
    await standby.run(`alter system set primary_conninfo = ''`)
    await standby.run('select pg_reload_conf()')
    await eventually(async () => (await standby.isFollowing()) === false || undefined)
    await run.goOn(2)
    await untilRecorded(primary.url(), 4)
    await primary.kill()
    await standby.run('select pg_promote()')
    await untilRecorded(standby.url(), 4)
    await run.goOn(5)
    expect(await run.end()).toMatchObject({ code: 0 })
    const db = await openDatabase({ home: folder.path, databaseUrl: list })
    expect(await stepsIn(db)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await findJobs(db, 'steps')).toMatchObject([{ status: 'completed' }])
    await db.close()
  })
})
