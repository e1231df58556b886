import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testBoard } from '../../board/testing.ts'
import { OUTPUT } from '../../sources/output/runOutput.ts'
import { programsWithOwnFolders } from './testing.ts'

const here = testBoard()
const { started } = programsWithOwnFolders(here)

test('if a program only prints, a message names the command that records a folder', async () => {
  const { cwd, name, ended, jobs } = await started(
    `console.log(JSON.stringify({ step: 3, loss: 1 }))`,
  )
  const { stderr } = await ended
  expect(stderr).toContain(
    `No log or checkpoint of ${name} was found below ${cwd}, so only its output is recorded. ` +
      `If it writes to another folder: bestmark import FOLDER`,
  )
  const [job] = await jobs()
  expect(job).toMatchObject({ status: 'completed', current_step: 3 })
  expect(await readFile(join(job?.output_dir ?? '', OUTPUT), 'utf8')).toContain('"step":3')
})

test('if only weights are found, a message names the command that adds their log', async () => {
  const { cwd, name, ended } = await started(`save('model.safetensors'); console.log('done')`)
  expect((await ended).stderr).toContain(
    `${name} saved weights in ${cwd}, but no log was found. ` +
      `If it writes one to another folder: bestmark import FOLDER --checkpoints ${cwd}`,
  )
})

test('if only a log is found, a message says so, and --checkpoints adds its weights', async () => {
  const where = await mkdtemp(join(here.path, 'kept-'))
  const script = `
await table('logs of it')
save('${where}/step_3.safetensors')`
  const alone = await started(script)
  await alone.goOn()
  expect((await alone.ended).stderr).toContain(
    `No checkpoint of ${alone.name} was found below ${alone.cwd}. If it saves them in another folder: ` +
      `bestmark import '${join(alone.cwd, 'logs of it')}' --checkpoints PATH`,
  )
  const { ended, jobs, goOn, cwd } = await started(script, '--checkpoints', where)
  await goOn()
  expect((await ended).stderr).not.toContain('was found')
  expect(await jobs()).toMatchObject([
    {
      ...{ output_dir: where, status: 'completed', eval_loss: 6, best_step: 3 },
      best_checkpoint_path: join(where, 'step_3.safetensors'),
    },
  ])
  expect(await readdir(join(cwd, 'logs of it'))).toEqual(['bestmark-checkpoints', 'metrics.csv'])
})
