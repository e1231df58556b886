import { expect, test } from 'vitest'
import { leftOutOf } from './leftOut.ts'

const WHOLE = { isFile: false, hasWholeWeights: true, trainingOnly: new Set<string>() }

function left(names: readonly string[], contents = WHOLE): Record<string, string> {
  const files = names.map((name) => ({ name, bytes: 1 }))
  return Object.fromEntries(leftOutOf(files, contents).map(({ name, why }) => [name, why]))
}

const TRAINING = {
  'optimizer.pt': 'optimizer',
  'optimizer_0/__0_0.distcp': 'optimizer',
  'optimizer.bin': 'optimizer',
  'optim_world_size_8_rank_0.pt': 'optimizer',
  'policy.optimizer.pth': 'optimizer',
  'scheduler.pt': 'scheduler',
  'scheduler_1.bin': 'scheduler',
  'rng_state_0.pth': 'random_state',
  'random_states_0.pkl': 'random_state',
  'scaler.pt': 'gradient_scaler',
  'trainer_state.json': 'trainer_state',
  'training_args.bin': 'trainer_state',
  'logs/events.out.tfevents.1.host': 'event_file',
}

const SERVING = [
  'model.safetensors',
  'model-00001-of-00002.safetensors',
  'model.safetensors.index.json',
  'adapter_model.safetensors',
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'merges.txt',
  'preprocessor_config.json',
  'README.md',
  'modeling_own.py',
  'optimizer.py',
  // Of diffusers, and of scikit-learn.
  'scheduler/scheduler_config.json',
  'scaler.pkl',
  'anything.else',
]

test('what only training needs is left out by its name, and everything else stays', () => {
  expect(left([...SERVING, ...Object.keys(TRAINING)])).toEqual(TRAINING)
})

test('a checkpoint that is one file is never left out', () => {
  expect(left(['optimizer.pt'], { ...WHOLE, isFile: true })).toEqual({})
})

test('shards of ZeRO stay, because they hold the weights, unless the weights lie whole beside them', () => {
  const shards = ['g1/zero_pp_rank_0_mp_rank_00_optim_states.pt', 'g1/mp_rank_00_model_states.pt']
  const names = [...shards, 'zero_to_fp32.py', 'latest']
  expect(left(names, { ...WHOLE, hasWholeWeights: false })).toEqual({})
  expect(left(['model.safetensors', ...names])).toEqual(
    Object.fromEntries(names.map((name) => [name, 'zero_pieces'])),
  )
})

test('a file whose content is only the state of a training is left out', () => {
  const trainingOnly = new Set(['second.pt'])
  expect(left(['first.pt', 'second.pt'], { ...WHOLE, trainingOnly })).toEqual({
    'second.pt': 'optimizer',
  })
})

test('other checkpoints below whole weights are left out', () => {
  expect(left(['model.safetensors', 'checkpoint-100/model.safetensors'])).toEqual({
    'checkpoint-100/model.safetensors': 'other_checkpoint',
  })
})
