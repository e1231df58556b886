import { mkdir, mkdtemp, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { absolutePathsIn } from '../../files/absolutePaths.ts'
import { MentionedFolders } from './mentionedFolders.ts'
import { programsWithOwnFolders } from './testing.ts'

const here = testBoard()
const { started, jobAt } = programsWithOwnFolders(here)

test('a run elsewhere, which only the script names, is recorded there while it runs and after', async () => {
  const where = await mkdtemp(join(here.path, 'elsewhere-'))
  const { ended, jobs, goOn } = await started(`await table('${where}/' + 'seed0')`)
  const live = await jobAt(jobs, join(where, 'seed0'), 3)
  await goOn()
  expect((await ended).stderr).not.toContain('No log or checkpoint')
  const root = join(where, 'seed0')
  expect(await jobs()).toMatchObject([
    { job_id: live.job_id, output_dir: root, status: 'completed', eval_loss: 6 },
  ])
})

test('weights elsewhere, which only the output names, are joined with the printed losses', async () => {
  const where = await mkdtemp(join(here.path, 'printed-'))
  const hidden = Buffer.from(where).toString('base64')
  const { ended, jobs, goOn } = await started(`
const target = Buffer.from('${hidden}', 'base64').toString()
console.log('Saving to ' + target + '.')
for (const [index, loss] of losses.entries()) {
  if (index === 3) await waits()
  const epoch = index + 1
  console.log('Epoch ' + epoch + '/6 - loss: ' + loss + ' - val_loss: ' + loss)
  save(target + '/epoch_' + epoch + '.safetensors')
}`)
  await jobAt(jobs, where, 3)
  await goOn()
  await ended
  const best_checkpoint_path = join(where, 'epoch_3.safetensors')
  expect(await jobs()).toMatchObject([{ output_dir: where, best_checkpoint_path }])
})

test.each([
  [`torch.save(model, f"/data/me/{name}/best.pt")`, ['/data/me']],
  [`open('/data/me/log.csv', 'w')`, ['/data/me/log.csv']],
  [`output_dir: /data/me/run-1`, ['/data/me/run-1']],
  [`Saving the model to ~/runs/a.`, [join(homedir(), 'runs/a')]],
  [`os.path.join("/data/me", "seed0")`, ['/data/me']],
  [`os.environ["NAMED_FOLDER"]`, ['/data/named']],
  [`os.getenv('NAMED_FOLDER')`, ['/data/named']],
  [`python train.py --out "$NAMED_FOLDER"`, ['/data/named']],
  [`https://example.org/a and runs/a and a/b`, []],
  [`Downloading to /data/hub/models--a/model.safetensors`, []],
  [`/home/me/.cache/torch/x.pth, /usr/lib/python3/site-packages/a.py`, []],
])('the absolute paths in %s are %j', (text, paths) => {
  process.env['NAMED_FOLDER'] = '/data/named'
  expect(absolutePathsIn(text)).toEqual(paths)
})

test('a folder is used if something was created in it, or in a folder in it, since the start', async () => {
  const root = await mkdtemp(join(here.path, 'output-'))
  const since = Date.now() - 60_000
  const old = new Date(since - 60_000)
  const folder = async (name: string, isNew: boolean) => {
    const path = join(root, name)
    await mkdir(path, { recursive: true })
    if (!isNew) await utimes(path, old, old)
    return path
  }
  const written = await folder('written', true)
  const inner = await folder('above/inner', true)
  const above = await folder('above', false)
  const data = await folder('data', false)
  const script = join(await folder('code', true), 'train.py')
  await writeFile(script, `data = "${data}"`)
  await utimes(script, old, old)
  const missing = join(data, 'nothing')
  await writeFile(
    join(root, OUTPUT),
    [written, inner, above, data, missing, '/', '/tmp'].join('\n'),
  )
  const mentioned = new MentionedFolders(root, since)
  await mentioned.add(['python', script], root)
  // The folder of the script itself is not searched.
  expect((await mentioned.used()).sort()).toEqual([above, inner, written].sort())
})
