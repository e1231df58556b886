import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { testDatabase, TestProxy, type TestDatabase } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BESTMARK, eventually, temporaryFolder } from '../testing.ts'
import { GRACE, SAME } from './stopRequest.ts'

let db: TestDatabase
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let runs: string
/** An empty folder, which `bestmark run` searches. */
let cwd: string
beforeAll(async () => {
  db = await testDatabase()
  folder = await temporaryFolder()
  runs = join(folder.path, 'runs')
  await mkdir(join(runs, 'growing'), { recursive: true })
  cwd = join(folder.path, 'caller')
  await mkdir(cwd)
  const lines = ['epoch,train_loss,val_loss', '0,1,2', '1,0.5,1']
  await writeFile(join(runs, 'growing', 'metrics.csv'), `${lines.join('\n')}\n`)
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Adds a line, so that the followed run has something to record. */
const grow = (): Promise<void> =>
  appendFile(join(runs, 'growing', 'metrics.csv'), `${++epoch},0.5,1\n`)
let epoch = 1

/** After a request to end, every process ends within this time, even if something hangs (ms). */
const PROMISED = 5_000

interface Started {
  child: ChildProcess
  prints: (part: string) => Promise<true>
  /** Ends with its code, or the signal that ended it, and the time (ms). */
  ended: Promise<unknown>
}

/** Starts a command on a separate board, which reaches its database through a proxy. */
function start(words: readonly string[], proxy: TestProxy): Started {
  const board = { BESTMARK_HOME: join(folder.path, `home of ${words[0]}`), PORT: '0' }
  const env = { ...process.env, ...board, DATABASE_URL: proxy.databaseUrl }
  const child = spawn(BESTMARK, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  }
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
  return {
    child,
    prints: (part) => eventually(async () => printed.includes(part) || undefined),
    ended,
  }
}

/** Whether it ended in time: by itself, or because its grace was over. */
async function endsInTime({ child, ended }: Started, name: 'SIGINT' | 'SIGTERM'): Promise<boolean> {
  const since = performance.now()
  child.kill(name)
  const code = await ended
  // On a machine that is busy with other things the same grace takes longer.
  const isCut = code === 128 + constants.signals[name]
  return isCut || performance.now() - since < PROMISED
}

const LONG: [command: string, words: string[], begun: string, name: 'SIGINT' | 'SIGTERM'][] = [
  ['watch', ['watch'], 'Recording', 'SIGINT'],
  ['agent', ['agent'], 'works for', 'SIGTERM'],
  ['up', ['up', '--no-demo'], 'Ctrl-C stops everything', 'SIGINT'],
  ['train', ['train', 'char-lm'], 'step ', 'SIGTERM'],
]

test.concurrent.each(LONG)(
  '%s ends within five seconds of a signal while the database does not answer',
  { timeout: 300_000 },
  async (command, words, begun, name) => {
    expect(GRACE).toBeLessThan(PROMISED)
    await using proxy = await TestProxy.to(db.databaseUrl)
    const running = start(command === 'watch' ? [...words, runs] : words, proxy)
    await running.prints(begun)
    proxy.hang()
    await grow()
    await proxy.queried
    expect(await endsInTime(running, name)).toBe(true)
  },
)

test('a second signal ends a command at once', async () => {
  await using proxy = await TestProxy.to(db.databaseUrl)
  const running = start(['watch', runs], proxy)
  await running.prints('Watching')
  proxy.hang()
  await grow()
  await proxy.queried
  running.child.kill('SIGINT')
  // Sooner it is taken for the first one, sent twice.
  await sleep(2 * SAME)
  expect(running.child.exitCode).toBeNull()
  running.child.kill('SIGINT')
  expect(await running.ended).toBe(130)
})

test.concurrent.each([
  [['watch', '.']],
  [['agent']],
  [['up']],
  [['jobs']],
  [['import', '.']],
  [['best', 'x']],
])(
  'a command that waits for its database at its start also ends with a signal: %s',
  async (words) => {
    await using proxy = await TestProxy.to(db.databaseUrl)
    proxy.hang()
    const running = start(
      words.map((word) => (word === '.' ? runs : word)),
      proxy,
    )
    await proxy.queried
    expect(await endsInTime(running, 'SIGINT')).toBe(true)
  },
)
