/** Everything here loads fast. `@bestmark/char-lm/train` loads the tensor library. */
export { checkpointPath, removeUnfinished, saveCheckpoint } from './checkpoint.ts'
export { CHAR_LM } from './recipe.ts'
export { randomStream } from './random.ts'
export type { Run, RunEvent } from './run.ts'
export { readSafetensors, writeSafetensors } from './safetensors.ts'
export { readWrittenState } from './trainerState.ts'
