import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Backtest } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, writeOutput } from '../../testing.ts'

/** The loss rises after step 200, the accuracy rises too: last is best, lowest eval_loss is not. */
const log = [3, 1, 2, 2.5].map((eval_loss, index) => ({
  step: 100 * (index + 1),
  eval_loss,
  eval_accuracy: [0.4, 0.6, 0.7, 0.8][index]!,
}))

/** Each salt gives another run, so that no run is the beginning of another. */
async function writeRun(folder: string, salt: number, root = true): Promise<void> {
  const salted = log.map((row) => ({ ...row, eval_loss: row.eval_loss + salt / 100 }))
  await writeOutput(folder, { saves: [100, 200, 300, 400], log: salted, root })
}

async function backtestJson(words: string[], cwd: string): Promise<Backtest> {
  const { stdout, stderr } = await command(['backtest', '--json', ...words], { cwd })
  expect(stderr).toBe('')
  return Backtest.parse(JSON.parse(stdout))
}

test('runs are found at any depth, and each belongs to its repository', async () => {
  await using folder = await temporaryFolder()
  const paths = [
    ['ana__speech__run-1__abc', 'ana/speech'],
    ['deep/er/ana__speech__run-2__def', 'ana/speech'],
    ['hub/models--ben--vision/snapshots/123', 'ben/vision'],
    ['clone/outputs/run', 'clone'],
    ['plain/outputs/run', 'plain'],
  ] as const
  for (const [index, [path]] of paths.entries()) {
    await writeRun(join(folder.path, path), index, index % 2 === 0)
  }
  await mkdir(join(folder.path, 'clone/.git'))
  await symlink('..', join(folder.path, 'plain/round'))
  const { replayed, groups } = await backtestJson(['.', '--target', 'accuracy'], folder.path)
  expect(Object.fromEntries(replayed.map(({ name, group }) => [name, group]))).toEqual(
    Object.fromEntries(paths),
  )
  expect(groups).toBe(4)
  const pattern = '(run-\\d|run)'
  const words = ['.', '--target', 'accuracy', '--group', pattern]
  const grouped = await backtestJson(words, folder.path)
  const names = new Set(grouped.replayed.map(({ group }) => group))
  expect([...names].sort()).toEqual(['ben/vision', 'run', 'run-1', 'run-2'])
})

test('complete checkpoints are the candidates if there are enough, else evaluations', async () => {
  await using folder = await temporaryFolder()
  await writeRun(join(folder.path, 'kept'), 0)
  const other = log.map((row) => ({ ...row, eval_loss: row.eval_loss + 1 }))
  await writeOutput(join(folder.path, 'rotated'), { saves: [400], log: other })
  const { replayed } = await backtestJson(['.', '--target', 'accuracy'], folder.path)
  const among = replayed.map(({ name, among, candidates }) => [name, among, candidates])
  expect(among).toEqual([
    ['kept', 'checkpoints', 4],
    ['rotated', 'evaluations', 4],
  ])
})

test('runs of any program are replayed: tables of Lightning and Keras, and a log of nanoGPT', async () => {
  await using folder = await temporaryFolder()
  const files: [path: string, head: string, row: (step: number, loss: number) => string][] = [
    [
      'lightning/version_0/metrics.csv',
      'epoch,step,val_acc,val_loss\n',
      (step, loss) => `0,${step - 1},${step / 10},${loss}\n`,
    ],
    [
      'keras/log.csv',
      'epoch,loss,val_acc,val_loss\n',
      (step, loss) => `${step - 1},1,${step / 9},${loss}\n`,
    ],
    [
      'nanogpt/train.log',
      '',
      (step, loss) => `step:${step}/5 train_loss:1.0 val_loss:${loss} val_acc:${step / 8}\n`,
    ],
  ]
  for (const [path, head, row] of files) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true })
    const rows = [3, 1, 2, 4, 5].map((loss, index) => row(index + 1, loss))
    await writeFile(join(folder.path, path), head + rows.join(''))
  }
  const { replayed } = await backtestJson(['.', '--target', 'val_acc'], folder.path)
  expect(replayed.map(({ name }) => name)).toEqual(files.map(([path]) => dirname(path)).sort())
  for (const { picks, best_step } of replayed) {
    expect(best_step).toBe(5)
    expect(picks.find(({ policy }) => policy === 'lowest eval_loss')?.step).toBe(2)
  }
})

test('a run that cannot be read is listed as skipped', async () => {
  await using folder = await temporaryFolder()
  await writeRun(join(folder.path, 'good'), 0)
  await mkdir(join(folder.path, 'odd/events.out.tfevents.1.host'), { recursive: true })
  const { replayed, skipped } = await backtestJson(['.', '--target', 'accuracy'], folder.path)
  expect(replayed.map(({ name }) => name)).toEqual(['good'])
  expect(skipped).toMatchObject([{ name: 'odd', code: 'unreadable' }])
})

test('PATH may be a state file, and there may be several paths', async () => {
  await using folder = await temporaryFolder()
  await writeRun(join(folder.path, 'a'), 0)
  await writeRun(join(folder.path, 'b'), 1)
  const { replayed } = await backtestJson(
    ['a/trainer_state.json', 'b', '--target', 'accuracy'],
    folder.path,
  )
  expect(replayed.map(({ name }) => name)).toEqual([
    join(folder.path, 'a/trainer_state.json'),
    join(folder.path, 'b'),
  ])
})

test('figures, the advice on scored, each run, and skipped runs are printed', async () => {
  await using folder = await temporaryFolder()
  await writeRun(join(folder.path, 'good'), 0)
  await mkdir(join(folder.path, 'torn'))
  await writeFile(join(folder.path, 'torn/trainer_state.json'), '{"log_history": [')
  const words = ['backtest', '.', '--target', 'accuracy']
  const { stdout, code } = await command(words, { cwd: folder.path })
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^Over 1 run of 1 group, regret is measured by accuracy\. last has the lowest mean/,
  )
  expect(stdout).toMatch(/^last +0\.000 +0\.000 +– +1\.000 +1 +1 +baseline$/m)
  expect(stdout).toMatch(
    /^lowest_eval_loss +0\.500 +0\.500 +– +0\.000 +1 +1 +baseline; \+0\.5 to last$/m,
  )
  expect(stdout).toMatch(
    /^Policy scored is not recommended\. .* at least 6 groups, and there is 1\.$/m,
  )
  expect(stdout).toMatch(/^eval_accuracy +4 +400 \(0\.8\) +200 0\.500 .* 400 0\.000 +good$/m)
  expect(stdout).toMatch(/^Skipped: 1 could not be read \(--all lists them\)\.$/m)
  const all = await command([...words, '--all'], { cwd: folder.path })
  expect(all.stdout).toMatch(/torn: .*trainer_state\.json is not valid JSON/)
})

test('--csv prints a row per run and policy', async () => {
  await using folder = await temporaryFolder()
  await writeRun(join(folder.path, 'a, "b"'), 0)
  const words = ['backtest', '.', '--target', 'accuracy', '--csv']
  const { stdout } = await command(words, { cwd: folder.path })
  const [head, ...rows] = stdout.trimEnd().split('\n')
  expect(head).toMatch(/^group,run,target,direction,among,candidates,best_step,best_value,policy,/)
  const last =
    '"a, ""b""","a, ""b""",eval_accuracy,max,checkpoints,4,400,0.8,last,400,0,0.8,0,true,false'
  expect(rows).toContain(last)
})

test('the error for wrong input names the choices', async () => {
  await using folder = await temporaryFolder()
  const zorp = log.map((row, index) => ({ ...row, eval_zorp: index }))
  await writeOutput(join(folder.path, 'run'), { saves: [100], log: zorp })
  const refusal = async (...words: string[]) => {
    const { stdout, stderr, code } = await command(['backtest', ...words], { cwd: folder.path })
    expect([stdout, code]).toEqual(['', 2])
    return stderr
  }
  const logged =
    'Logged metrics (number of runs): eval_loss (1), eval_accuracy (1), eval_zorp (1).\n'
  expect(await refusal('.', '--target', 'nope')).toBe(`bestmark: No run logged nope. ${logged}`)
  expect(await refusal('.')).toBe(
    `bestmark: --target is missing. Name the metric of the backtest. ${logged}`,
  )
  expect(await refusal('.', '--target', 'zorp')).toBe(
    'bestmark: It is unknown whether a low or a high zorp is better. Add --mode min or --mode max.\n',
  )
  expect(await refusal('.', '--target', 'accuracy', '--metric', 'nope')).toMatch(
    /No run logged nope\./,
  )
  await writeRun(join(folder.path, 'whole'), 0)
  expect(await refusal('.', '--target', 'accuracy', '--metric', 'accuracy')).toMatch(
    /--metric accuracy cannot decide: it is the target itself/,
  )
  expect(await refusal('.', '--target', 'accuracy', '--mode', 'up')).toMatch(
    /--mode must be min or max/,
  )
  expect(await refusal('.', '--target', 'accuracy', '--group', '(')).toMatch(/a regular expression/)
  expect(await refusal('.', '--target', 'accuracy', '--at-least', '1')).toMatch(
    /whole number, 2 or more/,
  )
  expect(await refusal('.', '--target', 'accuracy', '--json', '--csv')).toMatch(
    /Use either --json or --csv/,
  )
  expect(await refusal('--target', 'accuracy')).toMatch(/PATH is missing/)
  expect(await refusal('nowhere', '--target', 'accuracy')).toMatch(/Cannot open \S+nowhere/)
})

test('without a run to replay, stderr has the reason and the exit code is 1', async () => {
  await using folder = await temporaryFolder()
  const words = ['backtest', '.', '--target', 'accuracy']
  const none = await command(words, { cwd: folder.path })
  expect([none.code, none.stdout]).toEqual([1, ''])
  expect(none.stderr).toMatch(/^No run can be replayed against accuracy\./)
  await writeOutput(join(folder.path, 'short'), { saves: [], log: log.slice(0, 3) })
  const short = await command(words, { cwd: folder.path })
  expect([short.code, short.stdout]).toEqual([1, ''])
  expect(short.stderr).toMatch(/Skipped: 1 has too few candidates/)
})
