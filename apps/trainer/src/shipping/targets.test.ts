import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { claimDeployment, listDeployments, rollBack } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { processStart } from '../processes/alive.ts'
import { Publication } from '../targets/publication.ts'
import { TARGETS_FILE } from '../targets/configuration.ts'
import { sendToReceiver } from '../targets/httpTarget.ts'
import { eventually, temporaryFolder } from '../testing.ts'
import { shipNext } from './shipping.ts'
import { shipElsewhere, shippedRun } from './testing.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db[Symbol.asyncDispose]())
const never = new AbortController().signal

/** A run on a host with one target, and how to ship its checkpoint there. */
async function withTarget(home: string, options: Record<string, unknown>) {
  const run = await shippedRun(db, home, 100)
  const { host_id } = run
  await writeFile(join(home, TARGETS_FILE), JSON.stringify({ targets: { prod: options } }))
  await new Publication(db, { host_id, home }).refresh()
  const ship = async (signal = never) => {
    await run.order('prod')
    await shipNext(db, host_id, home, signal)
    return run.now()
  }
  const folder = join(home, 'targets', 'prod', 'moby')
  return { ...run, ship, folder }
}

const node = (script: string, ...words: string[]) => ({
  kind: 'command',
  argv: [process.execPath, '-e', script, ...words],
})

test('a program gets the version, and no variable that is not allowed; its output is kept', async () => {
  await using home = await temporaryFolder()
  const script =
    'console.log(process.argv.slice(1).join(" "), Object.keys(process.env).sort().join())'
  const words = ['{path}', '{model}:{step}', '{value}', '; echo $HOME']
  const options = { ...node(script, ...words), environment: ['HOME'] }
  const { ship, folder } = await withTarget(home.path, options)
  const { status, output, absolute_path } = await ship()
  expect([status, absolute_path]).toEqual(['done', await realpath(join(folder, 'current'))])
  expect(output).toMatch(
    new RegExp(`^${absolute_path} moby:100 1 ; echo \\$HOME BESTMARK_DEPLOYMENT_ID,HOME`),
  )
})

test('the agent checks the conditions of its file itself, and nothing changes if one does not hold', async () => {
  await using home = await temporaryFolder()
  const { host_id, order, now, ship, folder } = await withTarget(home.path, node('1'))
  expect((await ship()).status).toBe('done')
  const before = await realpath(join(folder, 'current'))
  await order('prod')
  const conditions = { value: { metric: 'eval_loss', bound: 0.5 } }
  const targets = { prod: { ...node('1'), conditions } }
  await writeFile(join(home.path, TARGETS_FILE), JSON.stringify({ targets }))
  await shipNext(db, host_id, home.path, never)
  const { status, error } = await now()
  expect([status, error]).toEqual(['failed', expect.stringContaining('must be at most 0.5')])
  expect(await realpath(join(folder, 'current'))).toBe(before)
  expect((await readdir(folder)).filter((name) => name !== 'current')).toHaveLength(1)
})

test('an order from before its target needed an approval is not shipped', async () => {
  await using home = await temporaryFolder()
  const { host_id, order, now, folder } = await withTarget(home.path, node('1'))
  await order('prod')
  const targets = { prod: { ...node('1'), conditions: { approved: true } } }
  await writeFile(join(home.path, TARGETS_FILE), JSON.stringify({ targets }))
  await shipNext(db, host_id, home.path, never)
  const { status, error } = await now()
  expect([status, error]).toEqual(['failed', expect.stringContaining('Order it again.')])
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
})

test('a program that fails or takes too long changes nothing, and its reason is kept', async () => {
  await using home = await temporaryFolder()
  const failing = node('console.error("no such model"); process.exit(4)')
  const { ship, folder } = await withTarget(home.path, failing)
  expect(await ship()).toMatchObject({
    status: 'failed',
    error: 'The program of target prod ended with exit code 4.',
    output: 'no such model',
  })
  expect(await readdir(folder)).toEqual([])
  await using other = await temporaryFolder()
  const slow = { ...node('setInterval(() => {}, 1000)'), time_limit: 0.2 }
  const late = await (await withTarget(other.path, slow)).ship()
  expect(late.error).toBe('The program of target prod took longer than 0.2 s.')
})

test('if the agent stops during a delivery, the next one delivers the same shipment again', async () => {
  await using home = await temporaryFolder()
  const log = join(home.path, 'log')
  const script = `require("fs").appendFileSync(${JSON.stringify(log)}, process.env.BESTMARK_DEPLOYMENT_ID + "\\n")
    if (require("fs").readFileSync(${JSON.stringify(log)}, "utf8").split("\\n").length < 3) setInterval(() => {}, 1000)`
  const { ship, folder, host_id, job_id, now } = await withTarget(home.path, node(script))
  const stop = new AbortController()
  const shipping = ship(stop.signal)
  await eventually(async () => (await readFile(log, 'utf8').catch(() => '')) || undefined)
  stop.abort()
  expect((await shipping).status).toBe('delivering')
  expect(await readdir(folder)).not.toContain('current')
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  await shipNext(db, host_id, home.path, never)
  const { status, deployment_id } = await now()
  expect(status).toBe('done')
  expect(await readFile(log, 'utf8')).toBe(`${deployment_id}\n${deployment_id}\n`)
})

test('a program of a killed agent, and what it started, ends before the next agent starts it again', async () => {
  await using home = await temporaryFolder()
  const [program, log, again] = ['program.cjs', 'log', 'again'].map((name) => join(home.path, name))
  // The first time it starts itself again outside of its group, and both wait. None ends when asked.
  await writeFile(
    program!,
    `const [fs, [node, self, log, again, ...more]] = [require('fs'), process.argv]
    process.on('SIGTERM', () => {})
    fs.appendFileSync(log, process.pid + '\\n')
    if (fs.existsSync(again)) process.exit(0)
    setInterval(() => {}, 1000)
    const options = { detached: true, stdio: 'ignore' }
    if (more.length === 0) require('child_process').spawn(node, [self, log, again, 'x'], options)`,
  )
  const argv = [process.execPath, program, log, again]
  const { order, now, host_id, job_id } = await withTarget(home.path, { kind: 'command', argv })
  await order('prod')
  const agent = shipElsewhere(db, home.path, host_id)
  const dead = once(agent, 'exit')
  const pids = async () =>
    (await readFile(log!, 'utf8').catch(() => '')).split('\n').filter(Boolean)
  const left = await eventually(async () => {
    const both = await pids()
    return both.length === 2 ? both.map(Number) : undefined
  })
  agent.kill('SIGKILL')
  await dead
  expect(left.map((pid) => processStart(pid) !== undefined)).toEqual([true, true])
  await writeFile(again!, '')
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  await shipNext(db, host_id, home.path, never)
  expect(await now()).toMatchObject({ status: 'done', error: null })
  expect(left.map(processStart)).toEqual([undefined, undefined])
  expect(await pids()).toHaveLength(3)
})

test('an agent whose shipment another one took over does not remove the version when its program fails', async () => {
  await using home = await temporaryFolder()
  const [log, go] = ['log', 'go'].map((name) => JSON.stringify(join(home.path, name)))
  const script = `const fs = require('fs')
    fs.writeFileSync(${log}, '')
    setInterval(() => { if (fs.existsSync(${go})) process.exit(4) }, 20)`
  const { ship, folder, host_id, job_id } = await withTarget(home.path, node(script))
  const shipping = ship()
  await eventually(async () => (await readdir(home.path)).includes('log') || undefined)
  await db.sql`update deployments set advanced_at = advanced_at - 60000 where job_id = ${job_id}`
  expect(await claimDeployment(db, host_id)).toMatchObject({ was_begun: true })
  await writeFile(join(home.path, 'go'), '')
  expect(await shipping).toMatchObject({ status: 'copying', error: null })
  expect((await readdir(folder)).filter((name) => !name.startsWith('.'))).toHaveLength(1)
})

test('a roll back delivers the earlier version again', async () => {
  await using home = await temporaryFolder()
  const { ship, job_id, host_id, now } = await withTarget(home.path, node('console.log("ok")'))
  const { deployment_id } = await ship()
  await ship()
  await rollBack(db, { job_id, deployment_id })
  await shipNext(db, host_id, home.path, never)
  expect(await now()).toMatchObject({ status: 'done', target: 'prod', output: 'ok' })
  expect(await listDeployments(db, { job_id })).toHaveLength(3)
})

/** A receiver that answers with these codes in turn. */
async function receiver(...codes: number[]) {
  const got: { headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ headers: request.headers, body })
      response
        .writeHead(codes[got.length - 1] ?? 200, { location: '/x' })
        .end('thanks '.repeat(900))
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return {
    url,
    got,
    [Symbol.asyncDispose]: () => new Promise<void>((end) => void server.close(() => end())),
  }
}

process.env['TEST_HOOK_SECRET'] = 'secret'
const hook = { kind: 'http', secret_env: 'TEST_HOOK_SECRET', time_limit: 5, tries: 3 } as const

test('a receiver gets a signed message with the files of the version', async () => {
  await using home = await temporaryFolder()
  await using server = await receiver(200)
  const { ship } = await withTarget(home.path, { ...hook, url: server.url })
  const { status, deployment_id, absolute_path, output } = await ship()
  expect([status, output?.length]).toEqual(['done', 1_000])
  const [{ headers, body }] = server.got as [(typeof server.got)[0]]
  const signed = createHmac('sha256', 'secret').update(
    `${String(headers['x-bestmark-timestamp'])}.${body}`,
  )
  expect(headers).toMatchObject({
    'x-bestmark-id': deployment_id,
    'x-bestmark-signature': `v1=${signed.digest('hex')}`,
  })
  expect(JSON.parse(body)).toMatchObject({ absolute_path, deployment_id, step: 100, value: 1 })
  expect(Object.keys(JSON.parse(body).files)).toContain('model.safetensors')
})

test('a server error is tried again with the same id, a refusal and a redirect are not', async () => {
  const order = {
    folder: '/none',
    deployment_id: 'd',
    model_name: 'm',
    target: 'prod',
    job_id: 'j',
    job_name: 'n',
    step: 1,
    metric: null,
    value: null,
    created_at: 1,
    files: {},
  }
  const wait = { first: 1, longest: 2 }
  for (const [codes, tries, error] of [
    [[500, 429, 200], 3, null],
    [[500, 500, 500], 3, 'It answered with status 500. It was tried 3 times.'],
    [[403], 1, 'It answered with status 403.'],
    [[302], 1, 'It answered with status 302.'],
  ] as const) {
    await using server = await receiver(...codes)
    const sent = sendToReceiver({ ...hook, url: server.url }, order, never, wait)
    if (error === null) await sent
    else
      await expect(sent).rejects.toThrow(`The receiver of target prod did not accept it. ${error}`)
    expect(server.got.map(({ headers }) => headers['x-bestmark-id'])).toEqual(
      Array(tries).fill('d'),
    )
  }
})
