import type { FrozenChoice } from '@bestmark/core'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fileDigest } from '../checkpoints/digest.ts'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'
import { textOfFile } from '../files/runFile.ts'
import { cardWith, modelIndex } from './modelCard.ts'

/** The evaluation that a model card reports. */
export interface Card {
  model_name: string
  choice: FrozenChoice
}

const README = 'README.md'
const INDEX = 'model-index.yaml'
/** A longer file is no model card, and no configuration. */
const LONGEST = 1 << 20
const Config = z.object({ architectures: z.array(z.string()).nullish() })

/**
 * Writes the evaluation into the front matter of a copied model card, or into `model-index.yaml` if
 * there is no card that can take it. Returns the digest of the written file, by its name; none if
 * there is nothing to write. A file of the checkpoint with that name stays.
 */
export async function writeCard(
  card: Card,
  folder: string,
  files: readonly SourceFile[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const index = modelIndex({ ...card, architecture: await architectureIn(folder, files) })
  if (index === undefined) return new Map()
  const readme = fileNamed(files, README)
  const text = readme && cardWith(await textOfFile(join(folder, README), LONGEST), index)
  const [name, content] = text === undefined ? [INDEX, index] : [README, text]
  if (name === INDEX && files.some((file) => file.name === INDEX)) return new Map()
  await writeFile(join(folder, name), content, { flush: true })
  return new Map([[name, await fileDigest(join(folder, name), signal)]])
}

function fileNamed(files: readonly SourceFile[], name: string): SourceFile | undefined {
  return files.find((file) => file.name === name && file.bytes <= LONGEST)
}

async function architectureIn(folder: string, files: readonly SourceFile[]) {
  if (!fileNamed(files, 'config.json')) return null
  try {
    const config = Config.parse(JSON.parse(await textOfFile(join(folder, 'config.json'), LONGEST)))
    return config.architectures?.[0] ?? null
  } catch (error) {
    // Any program writes a config.json; one that is different only leaves the task unknown.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}
