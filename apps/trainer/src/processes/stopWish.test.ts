import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { testDatabase, TestProxy, type TestDatabase } from '@bestmark/db/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { BESTMARK, eventually, temporaryFolder } from '../testing.ts'
import { GRACE } from './stopWish.ts'

let db: TestDatabase
let proxy: TestProxy
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let runs: string
beforeAll(async () => {
  db = await testDatabase()
  folder = await temporaryFolder()
  runs = join(folder.path, 'runs')
  await mkdir(join(runs, 'growing'), { recursive: true })
  const lines = ['epoch,train_loss,val_loss', '0,1,2', '1,0.5,1']
  await writeFile(join(runs, 'growing', 'metrics.csv'), `${lines.join('\n')}\n`)
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})
beforeEach(async () => {
  proxy = await TestProxy.to(db.databaseUrl)
})
afterEach(() => proxy[Symbol.asyncDispose]())

/** Asked to end, everything has ended within this time, whatever hangs; it is promised (ms). */
const PROMISED = 5_000

interface Started {
  child: ChildProcess
  says: (part: string) => Promise<true>
  /** Ends with its code, or the signal that ended it, and the time (ms). */
  ended: Promise<unknown>
}

function start(words: readonly string[]): Started {
  const home = { BESTMARK_HOME: join(folder.path, 'home'), PORT: '0' }
  const env = { ...process.env, ...home, DATABASE_URL: proxy.databaseUrl }
  const child = spawn(BESTMARK, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
  }
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
  return {
    child,
    says: (part) => eventually(async () => said.includes(part) || undefined),
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

test.each(LONG)(
  '%s ends within five seconds of a signal while the database does not answer',
  async (command, words, begun, name) => {
    expect(GRACE).toBeLessThan(PROMISED)
    const running = start(command === 'watch' ? [...words, runs] : words)
    await running.says(begun)
    proxy.hang()
    // It is in the middle of a question.
    await sleep(1_000)
    expect(await endsInTime(running, name)).toBe(true)
  },
  300_000,
)

test('a second signal ends a command at once', async () => {
  const running = start(['watch', runs])
  await running.says('Watching')
  proxy.hang()
  await sleep(1_000)
  running.child.kill('SIGINT')
  await sleep(600)
  expect(running.child.exitCode).toBeNull()
  running.child.kill('SIGINT')
  expect(await running.ended).toBe(130)
})

test('a command that waits for its database when it begins ends with a signal, too', async () => {
  proxy.hang()
  for (const words of [
    ['watch', runs],
    ['agent'],
    ['up'],
    ['jobs'],
    ['import', runs],
    ['backtest', runs, '--target', 'x'],
  ]) {
    const running = start(words)
    await sleep(1_500)
    expect(await endsInTime(running, 'SIGINT')).toBe(true)
  }
})
