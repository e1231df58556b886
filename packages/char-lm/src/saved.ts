import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { saveCheckpoint } from './checkpoint.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import {
  readWrittenState,
  TRAINER_STATE,
  trainerStateJson,
  type TrainerState,
} from './trainerState.ts'
import type { Snapshot } from './learner.ts'

const size = z.number().int().positive()

/** A checkpoint's config.json: what its weights are, and everything needed to use or resume them. */
const Config = z.object({
  model_type: z.literal('char-lm'),
  preset: z.string(),
  attempt: z.number().int().nonnegative(),
  step: z.number().int().nonnegative(),
  /** The characters of the model; their numbers begin at 1. */
  alphabet: z.string(),
  vocabulary: size,
  context: size,
  width: size,
  heads: size,
  layers: size,
})
type Config = z.infer<typeof Config>

const [CONFIG, MODEL, OPTIMIZER] = ['config.json', 'model.safetensors', 'optimizer.safetensors']

/** Saves a checkpoint under its step, the trainer's state last. */
export function save(root: string, config: Config, snapshot: Snapshot, state: TrainerState) {
  return saveCheckpoint(root, config.step, {
    [CONFIG]: `${JSON.stringify(config, null, 2)}\n`,
    [MODEL]: writeSafetensors(snapshot.model),
    [OPTIMIZER]: writeSafetensors(snapshot.optimizer),
    [TRAINER_STATE]: trainerStateJson(state),
  })
}

/** Reads what serving needs of a checkpoint. Throws with its path if it is none of this recipe. */
export function loadModel(folder: string) {
  try {
    return {
      config: Config.parse(JSON.parse(readFileSync(join(folder, CONFIG), 'utf8'))),
      model: readSafetensors(readFileSync(join(folder, MODEL))),
    }
  } catch (cause) {
    throw new Error(`${folder} has no model of the char-lm recipe.`, { cause })
  }
}

/** Reads a checkpoint. Throws with its path if it cannot be read. */
export function load(root: string, path: string) {
  const read = (name: string) => readFileSync(join(root, path, name))
  try {
    return {
      config: Config.parse(JSON.parse(read(CONFIG).toString('utf8'))),
      snapshot: {
        model: readSafetensors(read(MODEL)),
        optimizer: readSafetensors(read(OPTIMIZER)),
      },
      state: readWrittenState(read(TRAINER_STATE).toString('utf8')),
    }
  } catch (cause) {
    throw new Error(`${path} is not a readable checkpoint of the char-lm recipe.`, { cause })
  }
}
