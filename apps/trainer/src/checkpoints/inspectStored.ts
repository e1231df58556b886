import { basename } from 'node:path'
import { MOUNT_ADVICE, s3Address, schemeOf } from '@bestmark/core'
import type { CheckpointFiles } from './checkpointFiles.ts'
import {
  type Before,
  brokenBy,
  type InspectedFiles,
  inspectListing,
  MISSING,
  nothingIn,
  RECORD,
} from './inspection.ts'
import { isRecord } from './records.ts'

/**
 * Checks a checkpoint in an object store. Of S3 it lists the objects and reads only headers, by requests
 * for ranges. Where nothing can be read, the files are `unchecked`: they are neither there nor missing.
 */
export async function inspectStored(uri: string, before: Before): Promise<InspectedFiles> {
  if (s3Address(uri) === undefined) return nothingIn(schemeUnread(uri))
  // Only a run with such checkpoints loads it.
  const { StoreUnread } = await import('../s3/store.ts')
  try {
    const listing = await listedIn(uri)
    if (!listing) return nothingIn(MISSING)
    if (listing.isFile && isRecord(basename(uri))) return nothingIn(brokenBy(RECORD))
    return await inspectListing(listing, () => Promise.resolve(null), before)
  } catch (error) {
    if (!(error instanceof StoreUnread)) throw error
    return nothingIn({
      files_state: 'unchecked',
      files_why: error.message,
      files_fault: 'store_unread',
    })
  }
}

/** The files of a checkpoint in S3; undefined if there are none. Throws StoreUnread. */
async function listedIn(uri: string): Promise<CheckpointFiles | undefined> {
  const { isFileName, listStored } = await import('../s3/storedFiles.ts')
  const found = await listStored(uri)
  return (
    found && {
      isFile: found.isFile,
      files: found.files.map(({ uri: path, ...file }) => {
        return { ...file, path, problem: isFileName(file.name) ? null : NO_NAME }
      }),
    }
  )
}

const NO_NAME = { fault: 'file_unusual', why: 'cannot be the name of a file' } as const

function schemeUnread(uri: string) {
  return {
    files_state: 'unchecked',
    files_why: `Bestmark does not read ${schemeOf(uri)}://; ${MOUNT_ADVICE}`,
    files_fault: 'scheme_unread',
  } as const
}
