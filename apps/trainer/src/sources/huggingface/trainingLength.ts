import { argumentFiles } from './finalWeights.ts'
import { type Configurations, optionOf } from '../config/configuration.ts'
import { readTorchState } from '../../files/torchState.ts'
import type { Results } from './resultsFiles.ts'
import type { SavedFile } from '../events/savedFiles.ts'

/** The fewest and the most possible steps. */
export type StepRange = NonNullable<Results['steps']>

/**
 * The planned epochs, by the Trainer's arguments, else by its configuration. Null if unknown, or if a
 * number of steps is set, which has priority.
 */
export async function readPlannedEpochs(
  root: string,
  folders: readonly string[],
  { found }: Configurations,
): Promise<number | null> {
  for (const path of argumentFiles(folders)) {
    const option = await readTorchState(root, path)
    if (option?.num_train_epochs != null)
      return epochsUnless(option.max_steps, option.num_train_epochs)
  }
  for (const one of found) {
    const option = optionOf(one, 'num_train_epochs') ?? optionOf(one, 'num_epochs')
    if (option) return epochsUnless(optionOf(one, 'max_steps')?.value, option.value)
  }
  return null
}

function epochsUnless(max_steps: unknown, epochs: unknown): number | null {
  const isBySteps = typeof max_steps === 'number' && max_steps > 0
  return !isBySteps && typeof epochs === 'number' && epochs > 0 ? epochs : null
}

/**
 * The possible last steps of a training. Rate × runtime gives the planned steps (before transformers
 * 5) or the steps since the last resume (since then). If their epochs differ from the epoch reached,
 * they are scaled to it. With planned epochs only, both the scaled and the given steps are possible.
 * The last step is not before the newest checkpoint. Null if nothing fits.
 */
export function findStepRange(
  { steps, epoch, epochs_of_steps }: Results,
  planned: number | null,
  saved: readonly SavedFile[],
): StepRange | null {
  if (!steps) return null
  const epochs = epochs_of_steps ?? planned
  const shares = epoch === null || epochs === null ? [1] : [epoch / epochs]
  if (epochs_of_steps === null) shares.push(1)
  const scaled = shares.map((share) => (isAll(steps, share, epochs) ? 1 : share))
  const fewest = Math.floor(steps[0] * Math.min(...scaled))
  const most = Math.ceil(steps[1] * Math.max(...scaled))
  const newest = Math.max(1, ...saved.map(({ step }) => step ?? 0))
  return newest > most ? null : [Math.max(fewest, newest), most]
}

/**
 * Whether a share is 1 except for rounding. Older versions count only whole steps per epoch, so with
 * `n` steps per epoch up to 1 / (n + 1) of the epoch is missing.
 */
function isAll([, most]: StepRange, share: number, epochs: number | null): boolean {
  return Math.min(share, 1 / share) > most / (most + (epochs ?? 0)) || share === 1
}
