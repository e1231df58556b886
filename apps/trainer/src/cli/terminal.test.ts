import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { bestmark, writeOutput } from '../testing.ts'

const here = testBoard()

/** Clears the screen, renames the window, rings, deletes, and reverses the text direction. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u0008\u009b31m\u007f\u202e\u2066'
const SHOWN = '\\u001b[2J\\u001b]0;owned\\u0007\\u0008\\u009b31m\\u007f\\u202e\\u2066'

/** Characters that control a terminal, except line breaks and tabs. */
const CONTROLS = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u

test('control characters in names, metrics and paths never reach the terminal', async () => {
  const name = `run${HOSTILE}\nof ours`
  const folder = join(here.path, `run${HOSTILE}`)
  const metric = `eval_loss${HOSTILE}`
  const log = [1, 2].map((step) => ({ step, eval_loss: step, [metric]: step }))
  await writeOutput(folder, { saves: [1, 2], log })
  await writeFile(join(here.path, `broken${HOSTILE}.json`), '{')
  const runVisibly = async (...words: string[]) => {
    const { code, stdout, stderr } = await bestmark(words, { env: here.env })
    expect([words, `${stdout}${stderr}`]).toEqual([words, expect.not.stringMatching(CONTROLS)])
    return { code, stdout, stderr }
  }
  const imported = await runVisibly('import', folder, '--name', name, '--project', HOSTILE)
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining(`run${SHOWN}`) })
  const { stdout } = await runVisibly('jobs')
  expect(stdout.trimEnd().split('\n')).toEqual([expect.stringContaining(`run${SHOWN}\\u000aof`)])
  expect(JSON.parse((await runVisibly('jobs', '--json')).stdout)).toMatchObject({ name })
  const { job_id } = (await here.jobNamed(name))!
  await runVisibly('prune', job_id, '--keep-best', '1', '--keep-last', '0')
  await runVisibly('policy', job_id, 'metric', '--metric', metric, '--mode', 'min', '--by', HOSTILE)
  await runVisibly('watch', here.path, '--once', '--json')
  expect(await runVisibly('pick', join(here.path, `broken${HOSTILE}.json`))).toMatchObject({
    code: 2,
  })
  expect(await runVisibly(HOSTILE)).toMatchObject({ code: 2 })
})

test('a path for another program is printed unchanged, but always on one line', async () => {
  for (const [name, shown] of [
    [`exact${HOSTILE}`, `exact${HOSTILE}`],
    ['two\n/etc/passwd', 'two\\u000a/etc/passwd'],
  ] as const) {
    const folder = join(here.path, name)
    await writeOutput(folder, { saves: [1], log: [{ step: 1, eval_loss: 1 }] })
    const picked = await bestmark(['pick', folder], { env: here.env })
    expect(picked.stdout.split('\n')[0]).toBe(join(here.path, shown, 'checkpoint-1'))
    const json = await bestmark(['pick', '--json', folder], { env: here.env })
    expect(JSON.parse(json.stdout)).toMatchObject({
      best_checkpoint_path: join(folder, 'checkpoint-1'),
    })
  }
})
