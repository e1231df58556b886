import { DEFAULT_TARGET, type Target } from '@bestmark/core'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { optionalYaml } from '../files/optionalYaml.ts'
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
  const config = await optionalYaml(path, TargetsConfig)
  const targets = new Map<string, TargetOptions>([[DEFAULT_TARGET, { kind: 'folder' }]])
  for (const [name, options] of Object.entries(config?.targets ?? {})) {
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
    case 'playground':
      return 'the pages'
    case 's3':
      return `s3://${[options.bucket, options.prefix].filter(Boolean).join('/')}`
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
