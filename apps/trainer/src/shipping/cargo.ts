import type { CheckpointKind } from '@bestmark/core'
import type { ShippedContents } from '@bestmark/db'
import { totalOf } from '../checkpoints/serving/servingFiles.ts'
import type { SourceFile } from '../checkpoints/sourceFiles.ts'
import { addedFiles } from './addedFiles.ts'
import { type ShippedFiles, shippedFiles } from './contents.ts'
import type { ModelVersion } from './current.ts'
import type { Card } from './writtenFiles.ts'

/** One checkpoint to ship into the folder of a model. */
export interface Shipment extends ModelVersion {
  /** The run's root; no file outside it is shipped. */
  root: string
  /** Absolute path of the checkpoint's folder. */
  source: string
  /** The state file that the training program writes last; null if there is none. */
  stateFile: string | null
  /** The digest of the checkpoint's current files; null if it was not computed. */
  digest: string | null
  /** The content of `bestmark.json` beside the files. */
  ledger: Record<string, unknown>
  /** All files by default. */
  contents?: ShippedContents
  /** A folder whose files of configuration and vocabulary are added: below the root, or absolute. */
  files_from?: string | null
  /** What the files are, as they were inspected. */
  kind?: CheckpointKind | null
  /** The evaluation for the model card; none is written without it. */
  card?: Card | null
  /** Called before anything becomes live; throws if another agent now ships it. */
  assertOurs?: () => Promise<void>
}

/** The files of a shipment. */
export interface Cargo extends ShippedFiles {
  /** All files of the checkpoint, also those that are left out. */
  all: readonly SourceFile[]
  /** Files of another folder that the checkpoint lacks. */
  added: readonly SourceFile[]
  /** The size of what is copied. */
  bytes: number
}

/** What is copied for a shipment. Throws as `addedFiles`. */
export async function cargoOf(shipment: Shipment, all: readonly SourceFile[]): Promise<Cargo> {
  const { root, contents = 'whole', files_from = null, kind = null } = shipment
  const shipped = await shippedFiles(all, contents)
  const added =
    files_from === null ? [] : await addedFiles({ root, files_from, kind }, shipped.files)
  return { ...shipped, all, added, bytes: totalOf(shipped.files) + totalOf(added) }
}
