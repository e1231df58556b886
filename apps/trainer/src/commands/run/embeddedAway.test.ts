import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readlink, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { embeddedServer } from '@bestmark/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BESTMARK, bestmark, eventually, temporaryFolder } from '../../testing.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let home: string
/** An empty folder, which `bestmark run` searches. */
let cwd: string
beforeAll(async () => {
  folder = await temporaryFolder()
  home = join(folder.path, 'home')
  cwd = join(folder.path, 'caller')
  await mkdir(cwd)
})
afterAll(() => folder[Symbol.asyncDispose]())

const PROGRAM = `
const { existsSync } = require('node:fs')
console.log(JSON.stringify({ step: 1, loss: 1 }))
const look = () => (existsSync(process.argv[1]) ? process.exit(7) : setTimeout(look, 20))
look()`

/** A run on the embedded database of the home that waits for `goOn` and then exits with 7. */
function start(name: string) {
  const go = join(folder.path, `${name}.go`)
  const words = ['run', '--folder', join(folder.path, name), '--', 'node', '-e', PROGRAM, go]
  const env = { ...process.env, BESTMARK_HOME: home, DATABASE_URL: '' }
  const child = spawn(BESTMARK, words, { cwd, env })
  const ended = Promise.all([once(child, 'exit'), text(child.stderr)])
  let printed = ''
  child.stderr.on('data', (bytes: Buffer) => (printed += bytes.toString()))
  return {
    goOn: () => writeFile(go, ''),
    isRecorded: () => eventually(async () => printed.includes('bestmark records') || undefined),
    end: () => ended.then(([[code], stderr]) => ({ code: code as number, stderr })),
  }
}

let data: string
async function serverPid(): Promise<number> {
  const { pid } = await embeddedServer(home)
  if (pid === undefined) throw new Error('the server runs')
  data = await readlink(`/proc/${pid}/cwd`)
  return pid
}

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a command ends with its program`s exit code whatever its embedded database does then: %s',
  async (harm) => {
    const running = start(harm)
    await running.isRecorded()
    const pid = await serverPid()
    process.kill(pid, harm)
    await running.goOn()
    const { code, stderr } = await running.end()
    if (harm === 'SIGSTOP') process.kill(pid, 'SIGCONT')
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.not.stringMatching(/\n\s+at /) })
  },
)

test('a program runs also if the embedded database cannot be started', async () => {
  // The last process to end stops the server.
  expect((await bestmark(['jobs'], { env: { BESTMARK_HOME: home, DATABASE_URL: '' } })).code).toBe(
    0,
  )
  const control = join(data, 'global', 'pg_control')
  await rename(control, `${control}.away`)
  const running = start('broken')
  await running.goOn()
  const { code, stderr } = await running.end()
  expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('bestmark import') })
  expect(stderr).toContain('did not start')
  await rename(`${control}.away`, control)
  const later = await bestmark(['import', join(folder.path, 'broken')], {
    env: { BESTMARK_HOME: home, DATABASE_URL: '' },
  })
  expect(later).toMatchObject({ code: 0 })
})
