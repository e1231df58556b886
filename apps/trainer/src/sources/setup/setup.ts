import type { EventOf } from '@bestmark/core'
import { Listing } from '../../files/folder.ts'
import { merged } from '../config/settings.ts'
import { configFiles, configStamp, settingsOfFile } from './configFiles.ts'
import { readSetupNote, SETUP_NOTE } from './setupNote.ts'

/** Stands for the files that tell how a run was set up, as they lie there now. */
export async function setupSignature(root: string): Promise<string> {
  const { settled, others } = await configFiles(new Listing(root))
  return [...settled, ...others, SETUP_NOTE].map((file) => configStamp(root, file)).join('\n')
}

/**
 * How a run was set up, by what lies beside its log: what the program settled on counts before the
 * options of its command, and these before files that it may have read. Undefined where nothing does.
 */
export async function setupOf(root: string): Promise<EventOf<'setup'> | undefined> {
  const { settled, others } = await configFiles(new Listing(root))
  const note = await readSetupNote(root)
  const read = (files: readonly string[]) =>
    Promise.all(files.map((file) => settingsOfFile(root, file)))
  const config = merged([...(await read(settled)), note?.config ?? {}, ...(await read(others))])
  const environment = note?.environment ?? {}
  if (Object.keys(config).length + Object.keys(environment).length === 0) return undefined
  return { type: 'setup', attempt: 0, at: null, config, environment }
}
