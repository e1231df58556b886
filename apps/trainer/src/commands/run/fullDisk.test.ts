import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { findJobs, openDatabase, readSeries, stopEmbedded } from '@bestmark/db'
import { expect, test } from 'vitest'
import { smallDisk } from '../../recipes/testing.ts'
import { BESTMARK, bestmark, eventually, temporaryFolder } from '../../testing.ts'

const WHY = 'only a user who may mount a small file system can fill one'

/** It prints a step, and the next ones once it may; it notes that it reached its end. */
const STEPS = `
import { existsSync, writeFileSync } from 'node:fs'
const [go, end, last] = process.argv.slice(2)
const log = (step) => console.log(JSON.stringify({ step, loss: 1 / step }))
for (let step = 1; step <= 3; step++) log(step)
while (!existsSync(go)) await new Promise((next) => setTimeout(next, 20))
for (let step = 4; step <= Number(last); step++) log(step)
writeFileSync(end, 'done')
process.exit(7)
`
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** A run of the program on the embedded database of a data folder. */
async function start(home: string, root: string, apart: string, last = 6) {
  const cwd = join(apart, 'caller')
  await mkdir(cwd)
  const script = join(apart, 'steps.mjs')
  await writeFile(script, STEPS)
  const [go, end] = [join(apart, 'go'), join(apart, 'end')]
  const words = [
    'run',
    '--name',
    'full',
    '--folder',
    root,
    '--',
    'node',
    script,
    go,
    end,
    String(last),
  ]
  const env = { ...process.env, BESTMARK_HOME: home, DATABASE_URL: '' }
  const child = spawn(BESTMARK, words, { cwd, env })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
  return {
    env,
    goOn: () => writeFile(go, ''),
    end: async () => {
      const [[code], stdout, stderr] = await ended
      return {
        code: code as number,
        stdout,
        stderr,
        isThrough: (await readFile(end, 'utf8')) === 'done',
      }
    },
  }
}

/** The steps of the run on the board; its database must run. */
async function stepsOf(home: string): Promise<number[]> {
  const db = await openDatabase({ home })
  try {
    const [job] = await findJobs(db, 'full')
    const [loss] = job ? await readSeries(db, job.job_id, { names: ['loss'], points: 10_000 }) : []
    return [...(loss?.steps ?? [])]
  } finally {
    await db.close()
  }
}

/** Ends the database server, which may hold files of a disk. */
async function endServer(home: string): Promise<void> {
  await eventually(async () => (await stopEmbedded(home)) || undefined)
}

/** Fills a disk to the last byte. */
async function fill(path: string): Promise<void> {
  for (const size of [1 << 20, 1 << 12, 1]) {
    const piece = new Uint8Array(size)
    await appendUntilFull(path, piece)
  }
}

/** Once the first steps of a run are recorded, fills the disk and lets its program go on. */
async function goOnFull(
  running: { goOn: () => Promise<void> },
  home: string,
  disk: string,
): Promise<void> {
  await eventually(async () =>
    (await stepsOf(home).catch(() => [])).length === 3 ? true : undefined,
  )
  await fill(join(disk, 'ballast'))
  await running.goOn()
}

async function appendUntilFull(path: string, piece: Uint8Array): Promise<void> {
  try {
    for (;;) await appendFile(path, piece)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

test('a program trains on while the disk of its database is full, and is recorded later', async ({
  skip,
}) => {
  using disk = smallDisk('200m')
  if (!disk) return skip(WHY)
  await using apart = await temporaryFolder()
  const [home, root] = [join(disk.path, 'home'), join(apart.path, 'run')]
  const running = await start(home, root, apart.path)
  await goOnFull(running, home, disk.path)
  const { code, stdout, stderr, isThrough } = await running.end()
  expect({ code, isThrough, stderr }).toMatchObject({ code: 7, isThrough: true })
  expect(stdout).toContain('"step":6')
  await rm(join(disk.path, 'ballast'))
  const later = await bestmark(['import', root], { env: running.env })
  expect(later).toMatchObject({ code: 0 })
  expect(await stepsOf(home)).toEqual(upTo(6))
  await endServer(home)
})

/** So many steps are more than what a full disk still takes. */
const LONG = 3_000

test('a program trains on while the disk of its output is full, and what fits is recorded', async ({
  skip,
}) => {
  using disk = smallDisk('1m')
  if (!disk) return skip(WHY)
  await using apart = await temporaryFolder()
  const [home, root] = [join(apart.path, 'home'), join(disk.path, 'run')]
  const running = await start(home, root, apart.path, LONG)
  await goOnFull(running, home, disk.path)
  const { code, stderr, isThrough } = await running.end()
  expect({ code, isThrough, stderr }).toMatchObject({ code: 7, isThrough: true })
  expect(stderr).toMatch(/full|space/i)
  expect(stderr).not.toMatch(/\n\s+at /)
  const recorded = await stepsOf(home)
  expect(recorded).toEqual(upTo(recorded.length))
  expect(recorded.length).toBeGreaterThanOrEqual(3)
  expect(recorded.length).toBeLessThan(LONG)
  await endServer(home)
})
