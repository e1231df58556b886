import { join } from 'node:path'
import type { EventOf } from '@bestmark/core'
import { LINKED_LOGS } from '../logs/logFile.ts'
import { Listing } from '../../files/listing.ts'
import { mergeOptions } from '../config/runOptions.ts'
import { findConfigFiles, configStamp, readOptionsFile } from './configFiles.ts'
import { readSetupNote, SETUP_NOTE } from '../config/setupNote.ts'

/** A text that changes when a run's setup files change. */
export async function readSetupSignature(root: string): Promise<string> {
  const { resolved, others } = await findConfigFiles(new Listing(root))
  return [...resolved, ...others, SETUP_NOTE].map((file) => configStamp(root, file)).join('\n')
}

/**
 * The setup of a run, from files beside its log. Final options have priority over the options in the
 * command, and these over other files. Undefined if there is no setup.
 */
export async function readSetup(root: string): Promise<EventOf<'setup'> | undefined> {
  const { resolved, others } = await findConfigFiles(new Listing(root))
  const note = (await readSetupNote(root)) ?? (await readSetupNote(join(root, LINKED_LOGS)))
  const read = (files: readonly string[]) =>
    Promise.all(files.map((file) => readOptionsFile(root, file)))
  const config = mergeOptions([
    ...(await read(resolved)),
    note?.config ?? {},
    ...(await read(others)),
  ])
  const environment = note?.environment ?? {}
  if (Object.keys(config).length + Object.keys(environment).length === 0) return undefined
  return { type: 'setup', attempt: 0, at: null, config, environment }
}
