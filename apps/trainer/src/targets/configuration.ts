import { DEFAULT_TARGET, type Target } from '@bestmark/core'
import { join } from 'node:path'
import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import type { z } from 'zod'
import { Failure, systemCode } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'
import { TargetsConfig, type TargetOptions } from './targetOptions.ts'

/** The agent owner's file with the targets of a host, in the data folder. JSON is valid YAML. */
export const TARGETS_FILE = 'targets.yaml'

/** The targets of a host, by name. */
export type Targets = ReadonlyMap<string, TargetOptions>

/**
 * Reads the targets of a data folder. The default target is always among them. Throws a Failure with
 * the line and the key if the file is not valid.
 */
export async function readTargets(home: string): Promise<Targets> {
  const path = join(home, TARGETS_FILE)
  const text = await textOfFile(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  const targets = new Map<string, TargetOptions>([[DEFAULT_TARGET, { kind: 'folder' }]])
  if (text === undefined) return targets
  for (const [name, options] of Object.entries(parsed(text, path).targets)) {
    if (name === DEFAULT_TARGET && options.kind !== 'folder') {
      throw new Failure(`${path}: the target ${DEFAULT_TARGET} must be of kind folder.`)
    }
    targets.set(name, options)
  }
  return targets
}

/** What people may see of the targets. */
export function shownTargets(targets: Targets): Target[] {
  return [...targets].map(([name, options]) => {
    const { kind, conditions = null } = options
    return { name, kind, place: placeOf(options), conditions }
  })
}

/** Where a target puts the files, without secrets. */
function placeOf(options: TargetOptions): string {
  switch (options.kind) {
    case 'folder':
      return options.path ?? 'models'
    case 'command':
      // The other words may have secrets.
      return options.argv[0] ?? ''
    case 'http':
      return new URL(options.url).host
  }
}

/**
 * The folder of a model's versions. A target other than the default one has its own folders, because
 * `current` is the version that was delivered there.
 */
export function modelFolderOf(
  home: string,
  target: string,
  options: TargetOptions,
  model_name: string,
): string {
  if (options.kind === 'folder' && options.path !== undefined) return join(options.path, model_name)
  if (target === DEFAULT_TARGET) return join(home, 'models', model_name)
  return join(home, 'targets', target, model_name)
}

function parsed(text: string, path: string): z.infer<typeof TargetsConfig> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const [error] = document.errors
  if (error) throw new Failure(`${path}, line ${lineAt(error.pos[0])}: ${error.message}`)
  // No aliases: a few of them may stand for a text of any size.
  const { success, data, error: wrong } = TargetsConfig.safeParse(plainOf(document, path))
  if (success) return data
  const [issue] = wrong.issues
  if (!issue) throw wrong
  const { line, key } = placeOfIssue(document, issue, lineAt)
  throw new Failure(`${path}, line ${line}: ${key}: ${issue.message}.`)
}

function plainOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new Failure(`${path}: write the values out instead of aliases.`, { cause })
  }
}

/** The line and the dotted key that an error is about. */
function placeOfIssue(
  document: Document,
  issue: z.core.$ZodIssue,
  lineAt: (offset: number) => number,
): { line: number; key: string } {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...issue.path, ...extra].map((part) =>
    typeof part === 'number' ? part : String(part),
  )
  // A missing key has no line, so the line of what should have it is given.
  const found = path
    .map((_, at) => keyNode(document, path.slice(0, path.length - at)))
    .find(Boolean)
  const offset = found?.range?.[0] ?? document.contents?.range?.[0] ?? 0
  return { line: lineAt(offset), key: path.length > 0 ? path.join('.') : 'the file' }
}

/** The key of a value in a map, or the item of a list. */
function keyNode(document: Document, path: readonly (string | number)[]): Node | undefined {
  const last = path.at(-1)
  const above = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(above)) return document.getIn(path, true) as Node | undefined
  const pair = above.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
  return pair?.key as Node | undefined
}
