import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { thisMachine } from '@bestmark/db/machine'
import { expect, onTestFinished, test } from 'vitest'
import { ownMark } from '../../processes/mark.ts'
import { temporaryFolder } from '../../testing.ts'
import { command } from '../testing.ts'
import { BoardClaim } from './boardClaim.ts'

async function newHome(): Promise<string> {
  const folder = await temporaryFolder()
  onTestFinished(() => folder[Symbol.asyncDispose]())
  return folder.path
}

/** The claim of a process that may not be seen from here. */
async function claimOf(home: string, mark: object): Promise<string> {
  const path = join(home, 'up.json')
  await writeFile(path, JSON.stringify({ ...ownMark(), address: '127.0.0.1:4173', ...mark }))
  return path
}
const ELSEWHERE = {
  machine: { ...thisMachine(), hostname: 'bert', machine_id: 'b2', boot_id: 'b' },
}

test('a second board in a data folder is refused with the address of the one that runs', async () => {
  const home = await newHome()
  {
    await using running = await BoardClaim.of(home)
    await running.serves('127.0.0.1:4173')
    const second = await command(['up'], { env: { BESTMARK_HOME: home } })
    expect(second).toMatchObject({ code: 2, stdout: '' })
    expect(second.stderr).toBe(
      `bestmark: The board of ${home} is already running at 127.0.0.1:4173 (process ${process.pid}). ` +
        'Open it with: bestmark link. Or stop it first.\n',
    )
  }
  await using _next = await BoardClaim.of(home)
})

test('of several boards that start at once in a data folder one runs', async () => {
  const home = await newHome()
  const claims = await Promise.allSettled([1, 2, 3].map(() => BoardClaim.of(home)))
  const running = claims.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  expect(running).toHaveLength(1)
  await running[0]?.[Symbol.asyncDispose]()
})

test('a board takes over from one that was killed', async () => {
  const home = await newHome()
  await claimOf(home, { started_at: 'before' })
  await using _next = await BoardClaim.of(home)
})

test('a board on another machine is refused while it renews its claim, and taken over after that', async () => {
  const home = await newHome()
  const path = await claimOf(home, ELSEWHERE)
  await expect(BoardClaim.of(home)).rejects.toThrow(
    `(process ${process.pid} on bert). Stop it there.`,
  )
  const before = new Date(Date.now() - 60_000)
  await utimes(path, before, before)
  await using _next = await BoardClaim.of(home)
})

test('an incomplete claim counts as none', async () => {
  const home = await newHome()
  await writeFile(join(home, 'up.json'), '{"pid": 1')
  await using _next = await BoardClaim.of(home)
})
