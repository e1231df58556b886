import { once } from 'node:events'
import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { listDeployments, liveDeployments, rollBack } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { print } from '../cli/terminal.ts'
import { findObject, listKeys, readSmall } from '../s3/objects.ts'
import { unfinishedUploads } from '../s3/multipart.ts'
import { bucketOf, python, s3Server, why } from '../s3/testing.ts'
import { Publication } from '../targets/publication.ts'
import { Pointer } from '../targets/s3Pointer.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { eventually, temporaryFolder } from '../testing.ts'
import { readManifest } from './manifest.ts'
import { shipNext } from './shipping.ts'
import { shipElsewhere, shippedRun } from './testing.ts'
import { differing } from './verification.ts'

/** How many agents are killed for each target; more of them by hand, for minutes. */
const KILLS = Number(process.env['BESTMARK_KILLS'] ?? 2)
/** How often `current` is looked at (ms). */
const LOOK = 2

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
const never = new AbortController().signal

/** A kind of target: its options, and what must hold there. */
interface Place extends AsyncDisposable {
  options: Record<string, unknown>
  /** The size of the weights. */
  numbers: number
  /** What a reader of the live version sees; every look gives `whole`, or what is torn. */
  look: () => Promise<string>
  /** Throws if the target and a finished entry of the ledger differ. */
  assertAgrees?: (deployment_id: string) => Promise<void>
}

const nothing = async (): Promise<void> => {}
/** The target keeps no files of its own. */
const look = async (): Promise<string> => {
  await sleep(100)
  return 'whole'
}

/** A program that takes a moment. It writes down each start, and if another one ships the same. */
async function program(home: string): Promise<Place> {
  const log = join(home, 'delivered')
  const script = join(home, 'deliver.cjs')
  await writeFile(
    script,
    `const fs = require('fs'), [log] = process.argv.slice(2), id = process.env.BESTMARK_DEPLOYMENT_ID
    const mine = log + '.' + id
    let other
    try {
      other = Number(fs.readFileSync(mine, 'utf8'))
      process.kill(other, 0)
      // It has ended, and the system has not told its parent yet.
      if (fs.readFileSync('/proc/' + other + '/stat', 'utf8').includes(') Z ')) other = undefined
    } catch { other = undefined }
    fs.writeFileSync(mine, String(process.pid))
    fs.appendFileSync(log, (other ? 'twice ' : 'began ') + id + '\\n')
    setTimeout(() => { fs.appendFileSync(log, 'took ' + id + '\\n'); fs.rmSync(mine, { force: true }) }, 60)`,
  )
  const assertAgrees = async (id: string) => {
    const lines = await readFile(log, 'utf8')
    expect(lines).toContain(`took ${id}`)
    expect(lines).not.toContain('twice')
  }
  const options = { kind: 'command', argv: [process.execPath, script, log] }
  return { options, numbers: 100_000, look, assertAgrees, [Symbol.asyncDispose]: nothing }
}

/** A receiver of messages. */
async function receiver(): Promise<Place> {
  const got = new Map<string, Set<string>>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const id = String(request.headers['x-bestmark-id'])
      got.set(id, (got.get(id) ?? new Set()).add(body))
      response.end('thanks')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  // Repeats of one shipment say the same.
  const assertAgrees = async (id: string) => expect(got.get(id)?.size).toBe(1)
  process.env['TEST_HOOK_SECRET'] = 'secret'
  return {
    options: { kind: 'http', url, secret_env: 'TEST_HOOK_SECRET' },
    ...{ numbers: 100_000, look, assertAgrees },
    [Symbol.asyncDispose]: () => new Promise<void>((end) => void server.close(() => end())),
  }
}

/** A bucket that gets the weights in three parts. */
async function bucket(): Promise<Place> {
  const server = await s3Server()
  process.env['TEST_S3_KEY'] = server.accessKeyId
  process.env['TEST_S3_SECRET'] = server.secretAccessKey
  const there = bucketOf(server)
  const pointer = async () => {
    const found = await readSmall(there, 'moby/current.json')
    return found && Pointer.parse(JSON.parse(found.text))
  }
  const lookThere = async () => {
    const now = await pointer()
    if (!now) return 'nothing is live'
    for (const [name, digest] of Object.entries(now.files)) {
      const object = await findObject(there, `moby/${now.version}${name}`)
      if (object?.digest !== digest) return `${name} is ${JSON.stringify(object)}`
    }
    return 'whole'
  }
  const assertAgrees = async (id: string) => {
    expect((await pointer())?.deployment_id).toBe(id)
    expect(await unfinishedUploads(there, '')).toEqual([])
    expect(await listKeys(there, `moby/shipments/${id}.json`)).toHaveLength(1)
  }
  const reach = { bucket: 'models', endpoint: server.endpoint, region: 'us-east-1', part_mib: 5 }
  const keys = { access_key_env: 'TEST_S3_KEY', secret_key_env: 'TEST_S3_SECRET' }
  return {
    options: { kind: 's3', ...reach, ...keys },
    ...{ numbers: 3_000_000, look: lookThere, assertAgrees },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const folder = async (): Promise<Place> => ({
  ...{ options: { kind: 'folder' }, numbers: 100_000, look },
  [Symbol.asyncDispose]: nothing,
})

/** Looks at a live version again and again; what was seen, and how often. */
function lookOn(look: () => Promise<string>) {
  const over = new AbortController()
  const seen = new Map<string, number>()
  const looking = (async () => {
    while (!over.signal.aborted) {
      const one = await look()
      seen.set(one, (seen.get(one) ?? 0) + 1)
      await sleep(LOOK)
    }
  })()
  return async () => {
    over.abort()
    await looking
    return seen
  }
}

const PLACES = { folder, command: program, http: receiver, s3: bucket }

for (const [kind, open] of Object.entries(PLACES)) {
  const isSkipped = kind === 's3' && !python
  test.skipIf(isSkipped)(
    `agents that are killed at any time while they ship to a target ${kind}, or roll back, leave a live version that the ledger names${isSkipped ? why : ''}`,
    { timeout: 120_000 + KILLS * 60_000 },
    async () => {
      await using home = await temporaryFolder()
      await using place = await open(home.path)
      const run = await shippedRun(db, home.path, place.numbers)
      const { host_id, job_id } = run
      const targets = { prod: place.options }
      await writeFile(join(home.path, TARGETS_FILE), JSON.stringify({ targets }))
      await new Publication(db, { host_id, home: home.path }).refresh()
      await run.order('prod')
      const since = performance.now()
      await shipNext(db, host_id, home.path, never)
      const took = performance.now() - since
      const models = join(home.path, 'targets', 'prod', 'moby')
      const { size } = await stat(run.weights)
      const weights = join(models, 'current', 'model.safetensors')
      const looks = {
        copy: lookOn(async () => stat(weights).then((it) => `${it.size}`, String)),
        target: lookOn(place.look),
      }
      const reached = new Map<string, number>()
      for (let kill = 0; kill < KILLS; kill++) {
        const [live] = await liveDeployments(db, { job_id })
        const earlier = (await listDeployments(db, { job_id })).find(
          (one) => one.status === 'done' && one.deployment_id !== live?.deployment_id,
        )
        // Each second order goes back to the version before, once there is one.
        if (kill % 2 === 1 && earlier)
          await rollBack(db, { job_id, deployment_id: earlier.deployment_id })
        else {
          const changed = await readFile(run.weights)
          await writeFile(run.weights, changed.fill(kill + 1, changed.length - 8_000))
          await run.order('prod')
        }
        const child = shipElsewhere(db, home.path, host_id)
        const dead = once(child, 'exit')
        await eventually(async () => ((await run.now()).status === 'queued' ? undefined : true))
        await sleep(Math.random() * took * 1.2)
        child.kill('SIGKILL')
        await dead
        const at = (await run.now()).status
        reached.set(at, (reached.get(at) ?? 0) + 1)
        await db.sql`update deployments set advanced_at = advanced_at - 60000
          where job_id = ${job_id} and ended_at is null`
        await shipNext(db, host_id, home.path, never)
        const { status, error, absolute_path, deployment_id } = await run.now()
        expect([kill, status, error]).toEqual([kill, 'done', null])
        expect(await readlink(join(models, 'current'))).toBe(basename(absolute_path ?? ''))
        const { files } = (await readManifest(absolute_path ?? ''))!
        const digests = new Map(Object.entries(files))
        expect(await differing(join(models, 'current'), digests, never)).toBeUndefined()
        expect((await readdir(models)).filter((name) => name.startsWith('.'))).toEqual([])
        await place.assertAgrees?.(deployment_id)
      }
      const [copy, target] = [await looks.copy(), await looks.target()]
      if (KILLS > 10) {
        const seen = { copy: Object.fromEntries(copy), target: Object.fromEntries(target) }
        const killed_while = Object.fromEntries(reached)
        // docs/soak.md has the last output.
        print(JSON.stringify({ kind, kills: KILLS, took, killed_while, seen }))
      }
      expect([...copy.keys(), ...target.keys()]).toEqual([`${size}`, 'whole'])
    },
  )
}

test(
  'two agents of one host ship each order once, and the newest of a model stays live',
  { timeout: 120_000 },
  async () => {
    await using home = await temporaryFolder()
    const got: string[] = []
    const server = createServer((request, response) => {
      got.push(String(request.headers['x-bestmark-id']))
      request.resume().once('end', () => response.end())
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    process.env['TEST_HOOK_SECRET'] = 'secret'
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const prod = { kind: 'http', url, secret_env: 'TEST_HOOK_SECRET' }
    const run = await shippedRun(db, home.path, 1_000)
    await writeFile(join(home.path, TARGETS_FILE), JSON.stringify({ targets: { prod } }))
    await new Publication(db, { host_id: run.host_id, home: home.path }).refresh()
    for (let order = 0; order < 6; order++)
      for (const name of ['moby', 'dick']) await run.order('prod', name)
    const agents = [0, 1].map(() => once(shipElsewhere(db, home.path, run.host_id, 'all'), 'exit'))
    expect(await Promise.all(agents)).toEqual([
      [0, null],
      [0, null],
    ])
    await new Promise<void>((end) => void server.close(() => end()))
    const ledger = await listDeployments(db, { job_id: run.job_id })
    expect(ledger.map(({ status, error }) => [status, error])).toEqual(
      Array(12).fill(['done', null]),
    )
    expect(got.sort()).toEqual(ledger.map(({ deployment_id }) => deployment_id).sort())
    for (const name of ['moby', 'dick']) {
      const newest = ledger.find(({ model_name }) => model_name === name)
      const current = await readlink(join(home.path, 'targets', 'prod', name, 'current'))
      expect(current).toBe(basename(newest?.absolute_path ?? ''))
    }
  },
)
