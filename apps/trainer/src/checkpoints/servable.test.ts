import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { findServingProblem } from './servable.ts'
import { SAFETENSORS } from './testing.ts'

const STEPS = [100, 200, 300].map((step) => `checkpoint-${step}`)

async function write(root: string, name: string, content: Buffer | string = '{}'): Promise<void> {
  await writeFiles(root, { [name]: content })
}

test('a checkpoint without files that all others have cannot be served, and the reason names them', async () => {
  await using folder = await temporaryFolder()
  for (const step of STEPS) {
    await write(folder.path, `${step}/model.safetensors`, SAFETENSORS)
    if (step === 'checkpoint-200') continue
    await write(folder.path, `${step}/config.json`)
    await write(folder.path, `${step}/tokenizer.json`)
  }
  const why = await findServingProblem(folder.path, 'checkpoint-200', STEPS)
  expect(why).toContain('checkpoint-200 has no config.json, tokenizer.json')
  expect(await findServingProblem(folder.path, 'checkpoint-100', STEPS)).toBeUndefined()
})

test('weights in shards must be merged before they are served', async () => {
  await using folder = await temporaryFolder()
  for (const rank of [0, 1]) {
    await write(folder.path, `global_step_60/actor/model_world_size_2_rank_${rank}.pt`, 'w')
  }
  const why = await findServingProblem(folder.path, 'global_step_60', ['global_step_60'])
  expect(why).toContain('Merge them')
})

test('shards of DeepSpeed ZeRO are merged with the script in their folder', async () => {
  await using folder = await temporaryFolder()
  await write(folder.path, 'checkpoint-1/zero_to_fp32.py', 'print()')
  await write(folder.path, 'checkpoint-1/g/zero_pp_rank_0_mp_rank_00_model_states.pt', 'w')
  const why = await findServingProblem(folder.path, 'checkpoint-1', ['checkpoint-1'])
  expect(why).toContain('Run checkpoint-1/zero_to_fp32.py')
})
