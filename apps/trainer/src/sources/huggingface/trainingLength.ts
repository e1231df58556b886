import { argumentFiles } from './finalWeights.ts'
import { type Configurations, optionOf } from '../config/configuration.ts'
import { readTorchState } from '../../files/torchState.ts'
import type { Results } from './resultsFiles.ts'
import type { SavedFile } from '../events/savedFiles.ts'

/** The fewest and the most steps that fit what is told. */
export type StepRange = NonNullable<Results['steps']>

/**
 * The epochs that a Trainer was to train for, by its own arguments, else by its configuration. Null
 * where nothing tells, or where a number of steps was asked for, which goes before epochs.
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
 * The last step of a training. Rate times runtime are the steps that were planned (before
 * transformers 5) or those since the last resume (since then), so where the epochs that they are of
 * differ from the one that was reached they are scaled to it. Of planned epochs it is not known
 * whether the steps are of them, so both fit. No checkpoint was saved after the last step. Null
 * where nothing fits.
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
 * Whether a share is all but for rounding. Older versions count whole steps of an epoch only, which
 * of `n` steps an epoch leaves up to one in `n + 1` out of the epochs that were reached.
 */
function isAll([, most]: StepRange, share: number, epochs: number | null): boolean {
  return Math.min(share, 1 / share) > most / (most + (epochs ?? 0)) || share === 1
}
