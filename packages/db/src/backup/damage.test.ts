import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { newJob } from '../testRun.ts'
import { BackupUnusable } from '@bestmark/core'
import { RESTORING } from './boardUse.ts'
import { checkBackup, restoreBackup } from './restoreBackup.ts'
import { aDatabase, fileOf, fill, ORIGIN, rowsOf, textOf } from './testBackup.ts'
import { writeBackup } from './writeBackup.ts'

test('a file that is cut anywhere is refused, and the board stays as it was', async () => {
  await using here = await aDatabase()
  const source = here.open()
  await fill(source)
  const text = await textOf(source)
  const whole = gzipSync(text)
  await using there = await aDatabase('local')
  const target = there.open(RESTORING)
  const before = await rowsOf(target)
  const share = (bytes: Buffer, part: number) => bytes.subarray(0, Math.floor(bytes.length * part))
  const cuts = [0, 0.001, 0.2, 0.5, 0.9, 0.9999].flatMap((part) => [
    share(whole, part),
    gzipSync(share(text, part)),
  ])
  const lines = text.toString('latin1').split('\n').slice(0, -2)
  for (const cut of [...cuts, gzipSync(Buffer.from(`${lines.join('\n')}\n`, 'latin1'))]) {
    await expect(checkBackup(fileOf(cut))).rejects.toThrow(BackupUnusable)
    // The database may refuse cut rows before the missing end is noticed.
    await expect(restoreBackup(target, fileOf(cut))).rejects.toThrow()
  }
  expect(await rowsOf(target)).toEqual(before)
  await Promise.all([source.close(), target.close()])
})

test('a changed byte is found, in the file and in its text', async () => {
  await using here = await aDatabase()
  const source = here.open()
  await fill(source)
  const text = await textOf(source)
  const changed = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8((copy.readUInt8(at) + 1) % 256, at)
    return copy
  }
  const whole = gzipSync(text)
  for (let part = 0.003; part < 1; part += 0.049) {
    const inFile = changed(whole, Math.floor(whole.length * part))
    const inText = gzipSync(changed(text, Math.floor(text.length * part)))
    for (const bytes of [inFile, inText]) {
      await expect(checkBackup(fileOf(bytes))).rejects.toThrow(BackupUnusable)
    }
  }
  expect(gunzipSync(whole)).toEqual(text)
  await source.close()
})

test('a table with rows of any size is read whole, also if it is read slowly', async () => {
  await using here = await aDatabase()
  const db = here.open()
  const job_id = await newJob(db)
  await db.sql`insert into logs (job_id, ordinal, attempt, level, text, revision)
    select ${job_id}, n, 0, 'info', repeat('x', case when n % 100 = 0 then 300000 else 20 end), 1
    from generate_series(0, 4999) as n`
  let slow = 0
  await writeBackup(db, ORIGIN, async () => {
    if (slow++ < 20) await new Promise((resolve) => setTimeout(resolve, 20))
  })
  const { tables } = await writeBackup(db, ORIGIN, async () => undefined)
  expect(tables['logs']).toBe(5_000)
  await db.close()
})

test('if writing fails, the error is the one of the writing', async () => {
  await using here = await aDatabase()
  const db = here.open()
  await fill(db)
  let pieces = 0
  const writing = writeBackup(db, ORIGIN, async () => {
    if (pieces++ === 4) throw new Error('the disk is full')
  })
  await expect(writing).rejects.toThrow('the disk is full')
  await db.close()
})

test('rows that the database refuses leave the board as it was', async () => {
  await using here = await aDatabase('local')
  await using there = await aDatabase('local')
  const source = here.open()
  await fill(source)
  await source.sql`alter table attempts drop constraint attempts_job_id_training_jobs_job_id_fk`
  await source.sql`update attempts set job_id = ${randomUUID()}`
  const file = fileOf(gzipSync(await textOf(source)))
  const target = there.open(RESTORING)
  const before = await rowsOf(target)
  await expect(restoreBackup(target, file)).rejects.toMatchObject({ code: '23503' })
  expect(await rowsOf(target)).toEqual(before)
  await Promise.all([source.close(), target.close()])
})
