import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'

/** The manifest beside shipped files; only the fields that are read again. */
export const Manifest = z.looseObject({
  deployment_id: z.string(),
  created_at: z.number(),
  /** SHA-256 of each file, by its path below the version's folder. */
  files: z.record(z.string(), z.string()),
})
export type Manifest = z.infer<typeof Manifest>

const NAME = /^bestmark(?:-(\d{1,9}))?\.json$/i

/** A name for the manifest that no file of the checkpoint has: the next free number. */
export function manifestName(files: readonly string[]): string {
  const highest = highestOf(files.map((file) => file.split(/[\\/]/, 1)[0] ?? ''))
  return highest === undefined ? 'bestmark.json' : `bestmark-${highest.number + 1}.json`
}

/** Writes a manifest and flushes it to disk. If it exists, all files in it were copied completely. */
export async function writeManifest(path: string, manifest: Manifest & object): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
  await file.sync()
}

/** Reads the manifest of a version's folder; undefined if there is none. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const manifest = highestOf(await readdir(folder))
    if (!manifest) return undefined
    const text = await textOfFile(join(folder, manifest.name))
    return Manifest.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (systemCode(error) === undefined && !(error instanceof SyntaxError)) throw error
    return undefined
  }
}

function highestOf(names: readonly string[]): { name: string; number: number } | undefined {
  let highest: { name: string; number: number } | undefined
  for (const name of names) {
    const match = NAME.exec(name)
    if (!match) continue
    const number = Number(match[1] ?? 0)
    if (!highest || number > highest.number) highest = { name, number }
  }
  return highest
}
