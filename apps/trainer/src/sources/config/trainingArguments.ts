import { join } from 'node:path'
import { setOwn } from '@bestmark/core'
import { Opaque } from '../../checkpoints/weights/plainValues.ts'
import { torchArchive } from '../../checkpoints/weights/torchArchive.ts'
import { systemCode } from '../../failure.ts'
import { openHandle } from '../../files/runFile.ts'
import { type RunOptions, optionsIn } from './runOptions.ts'

/** The file of HuggingFace's TrainingArguments: a pickle in a torch archive. */
export const TRAINING_ARGUMENTS = 'training_args.bin'

/** The arguments in `training_args.bin`. The pickle is parsed, never executed. */
export async function readTrainingArguments(root: string, path: string): Promise<RunOptions> {
  try {
    await using file = await openHandle(join(root, path))
    const archive = await torchArchive(file, (await file.stat()).size)
    const { value } = archive ?? {}
    const isArguments = value instanceof Opaque && /TrainingArguments|Config$/.test(value.name)
    return isArguments ? optionsIn(plainState(value.state)) : {}
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return {}
  }
}

/** The attributes of an object. Enum members become their values. */
function plainState(state: unknown): RunOptions {
  const found: RunOptions = {}
  if (!(state instanceof Map)) return found
  for (const [name, value] of state as ReadonlyMap<unknown, unknown>) {
    // A leading underscore marks internal attributes.
    if (typeof name !== 'string' || name.startsWith('_')) continue
    const plain = memberValue(value)
    // Other objects are not options.
    if (!(plain instanceof Opaque)) setOwn<unknown>(found, name, plain)
  }
  return found
}

function memberValue(value: unknown): unknown {
  const isMember = value instanceof Opaque && Array.isArray(value.given) && value.given.length === 1
  return isMember ? (value.given as unknown[])[0] : value
}
