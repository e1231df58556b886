import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newBoardEnv } from '../../board/testing.ts'
import { temporaryFolder, writeOutput } from '../../testing.ts'
import { command } from '../testing.ts'

/** A board with runs of these losses, each at steps 100, 200, …, in one project. */
async function boardOf(runs: Readonly<Record<string, Record<string, number>[]>>) {
  const folder = await temporaryFolder()
  const board = await newBoardEnv(folder.path)
  for (const [name, values] of Object.entries(runs)) {
    const log = values.map((value, at) => ({ step: 100 * (at + 1), ...value }))
    await writeOutput(join(folder.path, name), { saves: log.map(({ step }) => step), log })
  }
  const run = (...words: string[]) => command(words, { cwd: folder.path, env: board.env })
  expect(await run('import', ...Object.keys(runs), '--project', 'sweep')).toMatchObject({ code: 0 })
  const dispose = async (): Promise<void> => {
    await board[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  return { path: folder.path, run, [Symbol.asyncDispose]: dispose }
}

test('compare, best and their JSON name the same checkpoint of the same run', async () => {
  await using board = await boardOf({
    one: [{ eval_loss: 3 }, { eval_loss: 2 }],
    two: [{ eval_loss: 2.5 }, { eval_loss: 1.5 }, { eval_loss: 1.75 }],
  })
  const path = `${board.path}/two/checkpoint-200`
  const compared = await board.run('compare', 'one', 'two')
  expect(compared.code).toBe(0)
  expect(compared.stdout).toContain(
    'two step 200 is best: eval_loss 1.5, the lowest of 2 runs. Next is one step 200 (+0.5).\n' +
      `Its checkpoint: ${path}\n`,
  )
  expect(compared.stdout).toMatch(/^ +1 +two +200 +1\.5 +1\.75 +1\.5 +2\.5 +best/m)
  const project = await board.run('compare', '--project', 'sweep', '--json')
  const json = JSON.parse(project.stdout)
  expect(json).toMatchObject({
    best: { checkpoint: { step: 200, value: 1.5 } },
    best_paths: { [json.best.job_id]: path },
    found: 2,
  })
  expect(await board.run('best', '--project', 'sweep')).toEqual({
    ...{ code: 0, stdout: `${path}\n`, stderr: '' },
  })
  const best = JSON.parse((await board.run('best', '--project', 'sweep', '--json')).stdout)
  expect(best).toEqual({
    ...{ job_id: json.best.job_id, name: 'two', best_checkpoint_path: path, best_step: 200 },
    best_checkpoint_id: json.best.checkpoint.checkpoint_id,
    ...{ best_metric: 1.5, best_metric_name: 'eval_loss' },
  })
  expect(JSON.parse((await board.run('best', 'two', '--json')).stdout)).toEqual(best)
  const why = await board.run('best', '--project', 'sweep', '--explain')
  expect(why.stdout).toBe(`${path}\n\n${compared.stdout}`)
  for (const [words, message] of [
    [['compare', 'one', '--project', 'sweep'], 'Name jobs, or a project with --project.'],
    [['compare', 'none'], 'There is no job "none".'],
    [['compare', '--project', 'none'], 'No job belongs to project "none".'],
    [['report', '--project', 'none'], 'No job belongs to project "none".'],
    [['best'], 'Name one job, or a project with --project.'],
  ] as const) {
    const refused = await board.run(...words)
    expect([words, refused.code, refused.stdout]).toEqual([words, 2, ''])
    expect(refused.stderr).toContain(message)
  }
})

test('runs that are not comparable have no single best, and the exit code is 1', async () => {
  await using board = await boardOf({
    loss: [{ eval_loss: 3 }, { eval_loss: 2 }],
    score: [{ eval_f1: 0.5 }, { eval_f1: 0.25 }],
  })
  const best = await board.run('best', '--project', 'sweep')
  expect([best.code, best.stdout]).toEqual([1, ''])
  expect(best.stderr).toContain(
    'The 2 runs cannot all be compared, so each of 2 groups has its own best.',
  )
  const compared = await board.run('compare', 'loss', 'score')
  expect(compared.code).toBe(1)
  expect(compared.stdout).toContain('highest eval_f1: score step 100: eval_f1 0.5.')
  expect(compared.stdout).toContain('lowest eval_loss: loss step 200: eval_loss 2.')
  const json = JSON.parse((await board.run('best', '--project', 'sweep', '--json')).stdout)
  expect(json).toMatchObject({ job_id: null, best_checkpoint_path: null })
})
