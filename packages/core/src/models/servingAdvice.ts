import type { CheckpointKind } from '../run/event.ts'
import { isConfiguration, isVocabulary, type ServingFiles } from '../run/servingFiles.ts'
import { mergeAdapter, mergeShards } from './mergeCommand.ts'

/** What is stored of a checkpoint's files, as far as serving is concerned. */
export interface ServedFiles {
  /** Relative to the run's root. */
  path: string
  absolute_path: string
  kind: CheckpointKind | null
  /** The base model of an adapter. */
  base: string | null
  /** Null if it was not inspected for serving. */
  serving: ServingFiles | null
}

/** Why a checkpoint cannot be served as it is. */
export type ServingProblem =
  | { code: 'files_missing'; names: string[] }
  | { code: 'no_configuration' }
  | { code: 'needs_base'; base: string | null; command: string | null }
  | { code: 'needs_merge'; command: string | null }

/** A folder that has files which a checkpoint lacks. */
export interface FilesSource {
  /** Relative to the run's root; the base model's folder is absolute. */
  path: string
  /** The files that it would add; null if it is the base model's folder, which was not read. */
  names: string[] | null
}

/** As many checkpoints are offered as a source of files. */
const MOST_SOURCES = 5

/** What is missing to serve a checkpoint, and where it can be taken from. */
export interface ServingAdvice {
  problems: ServingProblem[]
  /** The folder with most of the missing files first. */
  files_from: FilesSource[]
}

/**
 * Files of configuration and vocabulary that all other checkpoints have and this one lacks. Empty
 * unless at least two others were inspected, because one may be the exception.
 */
export function missingFiles(
  has: readonly string[],
  others: readonly (readonly string[])[],
): string[] {
  const [first, ...rest] = others.filter((names) => names.length > 0)
  if (!first || rest.length === 0) return []
  return first.filter((name) => isMissing(name, has) && rest.every((names) => names.includes(name)))
}

function isMissing(name: string, has: readonly string[]): boolean {
  return (isConfiguration(name) || isVocabulary(name)) && !has.includes(name)
}

/**
 * Whether a file may be added to a checkpoint of this kind from another folder. An adapter takes no
 * `config.json`, because libraries would then load it as a whole model.
 */
export function isTakenFor(kind: CheckpointKind | null, name: string): boolean {
  if (kind === 'adapter' && name === 'config.json') return false
  return isConfiguration(name) || isVocabulary(name)
}

/** What is missing to serve a checkpoint. `others` are complete checkpoints of the same run. */
export function servingAdvice(one: ServedFiles, others: readonly ServedFiles[]): ServingAdvice {
  const { kind, base, serving, absolute_path } = one
  if (!serving) return { problems: [], files_from: [] }
  const beside = others.filter((other) => other.path !== one.path && other.kind === kind)
  const names = missingFiles(
    serving.has,
    beside.map((other) => other.serving?.has ?? []),
  )
  const problems: ServingProblem[] = []
  if (names.length > 0) problems.push({ code: 'files_missing', names })
  const lacksConfig = kind === 'full' && !serving.has.includes('config.json')
  if (lacksConfig && serving.is_named_for_transformers && !names.includes('config.json'))
    problems.push({ code: 'no_configuration' })
  if (kind === 'adapter')
    problems.push({ code: 'needs_base', base, command: mergeAdapter(absolute_path, serving.task) })
  if (kind === 'sharded')
    problems.push({ code: 'needs_merge', command: mergeShards(absolute_path, serving.shards) })
  const files_from = problems.length > 0 ? sourcesOf(one, serving.has, others) : []
  return { problems, files_from }
}

function sourcesOf(
  { kind, base }: ServedFiles,
  has: readonly string[],
  others: readonly ServedFiles[],
): FilesSource[] {
  const sources = others.flatMap((other) => {
    const names = (other.serving?.has ?? []).filter(
      (name) => isTakenFor(kind, name) && !has.includes(name),
    )
    return names.length > 0 ? [{ path: other.path, names }] : []
  })
  const most = sources.sort((a, b) => b.names.length - a.names.length).slice(0, MOST_SOURCES)
  const lacksVocabulary = !has.some((name) => isVocabulary(name))
  const isFolder = base !== null && /^([/\\]|[a-z]:[/\\])/i.test(base)
  const ofBase = isFolder && lacksVocabulary ? [{ path: base, names: null }] : []
  return [...ofBase, ...most]
}
