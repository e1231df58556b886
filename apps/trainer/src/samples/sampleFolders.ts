import { dirname, join, relative, resolve } from 'node:path'
import { Listing } from '../files/listing.ts'
import { statIfSeen } from '../files/runFile.ts'
import { readSampleName, type SampleName } from './sampleName.ts'

/** Folders in which programs write samples: kohya, ai-toolkit, SimpleTuner, and usual names. */
const FOLDERS = [
  ...['sample', 'samples', 'validation_images', 'validation_samples', 'validation'],
  ...['images', 'generated', 'audio'],
]

/** The most folders in which folders of samples are searched. */
const MOST_BASES = 20
/** The most files of one run. */
const MOST_FILES = 20_000

/** A file that its folder and its name show to be a sample. */
export interface FoundSample extends Omit<SampleName, 'prompt_key' | 'prompt_index'> {
  /** Relative to the run's root. */
  path: string
  prompt_index: number
}

/** A run's folder, and the folders of its checkpoints, because samples often lie beside them. */
export function sampleBases(root: string, checkpoints: readonly string[]): string[] {
  const folders = checkpoints.map((path) => dirname(resolve(root, path)))
  return [...new Set([resolve(root), ...folders])]
    .filter((one) => statIfSeen(one)?.isDirectory())
    .slice(0, MOST_BASES)
}

/** The folders of samples below some folders. */
function sampleFolders(bases: readonly string[]): string[] {
  return bases.flatMap((base) => FOLDERS.map((name) => join(base, name)))
}

/** A text that changes when files are added to folders of samples. */
export function sampleFoldersState(bases: readonly string[]): string {
  return sampleFolders(bases)
    .map((folder) => statIfSeen(folder)?.mtimeMs ?? '')
    .join()
}

/** Finds the samples of a run in the folders of samples below `bases`, the highest steps first. */
export async function findSamples(root: string, bases: readonly string[]): Promise<FoundSample[]> {
  const found: (SampleName & { path: string })[] = []
  for (const base of bases) {
    const listing = new Listing(base)
    for (const folder of FOLDERS) {
      for (const name of listing.names(folder)) {
        const read = readSampleName(name)
        if (read) found.push({ ...read, path: relative(root, join(base, folder, name)) })
      }
    }
  }
  const latest = found.sort((a, b) => rankOf(b) - rankOf(a)).slice(0, MOST_FILES)
  return withPrompts(latest)
}

function rankOf({ step, epoch }: SampleName): number {
  return step ?? epoch ?? 0
}

/** Numbers the prompts whose names have no number, by their order at each step. */
function withPrompts(found: readonly (SampleName & { path: string })[]): FoundSample[] {
  const keys = new Map<string, string[]>()
  for (const one of found) {
    const group = groupOf(one)
    keys.set(group, [...(keys.get(group) ?? []), one.prompt_key])
  }
  for (const group of keys.values()) group.sort()
  return found.map(({ prompt_key, prompt_index, ...one }) => {
    const group = keys.get(groupOf(one)) ?? []
    return { ...one, prompt_index: prompt_index ?? group.indexOf(prompt_key) }
  })
}

function groupOf({ kind, step, epoch }: Pick<SampleName, 'kind' | 'step' | 'epoch'>): string {
  return `${kind} ${step} ${epoch}`
}
