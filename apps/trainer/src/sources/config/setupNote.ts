import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { jsonObject } from '../../files/json.ts'
import { textIfReadable } from '../../files/runFile.ts'

/** The file in which `bestmark run` stores the options of the command, and the environment. */
export const SETUP_NOTE = 'bestmark-setup.json'

const SetupNote = z.object({
  config: z.record(z.string(), z.unknown()),
  environment: z.record(z.string(), z.unknown()),
})
type SetupNote = z.infer<typeof SetupNote>

/** Writes the note; throws if the folder is missing. */
export function writeSetupNote(folder: string, note: SetupNote): void {
  writeFileSync(join(folder, SETUP_NOTE), `${JSON.stringify(note)}\n`)
}

/** The note in a folder; undefined if it is missing or invalid. */
export async function readSetupNote(folder: string): Promise<SetupNote | undefined> {
  return SetupNote.safeParse(jsonObject(await textIfReadable(join(folder, SETUP_NOTE)))).data
}
