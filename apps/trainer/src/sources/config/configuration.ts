import type { ReaderNote } from '@bestmark/core'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { systemCode } from '../../failure.ts'
import { textOfFile } from '../../files/runFile.ts'
import type { YamlValue } from '../../files/yaml.ts'

/** The options in one configuration file of a run. */
export interface Configuration {
  file: string
  values: YamlValue[]
}

/** The configurations of a run, the one with priority first, and warnings about unreadable files. */
export interface Configurations {
  found: Configuration[]
  problems: ReaderNote[]
}

/** Larger files are data, not options (bytes). */
const LARGEST = 1 << 20
/** A file without any of these names is not parsed. */
const READ_OPTIONS =
  /metric_for_best_model|eval_metric|save_best|best_checkpoint_metric|best_model_criterion|epochs|greater_is_better|load_best_model_at_end|early_stopping|save_steps|eval_steps|monitor|validation_metric|early_stopping_metric|checkpoint_metric|metrics_key|optimized_metric|valid-metrics|max_steps|max_epochs|num_train_epochs|num_epochs/

/** Hydra keeps the options of each start in the folder of the job. */
const HYDRA = '.hydra/config.yaml'
/** An option that Hydra replaces by another one, such as `${optimized_metric}`. */
const INTERPOLATION = /\$\{/
const TRAINING_JSON = 'config.json'
/** JSON files that describe a training. Others describe a model. */
const OF_TRAINING = /"validation_metric"\s*:|"monitor"\s*:\s*"(min|max) /

/**
 * The YAML files that configured a run: those in its root, the `config.json` of a training (AllenNLP,
 * pytorch-template), Axolotl's in the root's model card, Hydra's in the root or the two folders above, and
 * those in the two folders above whose `output_dir` names the root.
 */
export async function readConfigurations(root: string): Promise<Configurations> {
  const all: Configurations = { found: [], problems: [] }
  for (const name of await yamlNames(root)) await readInto(all, root, name)
  await readInto(all, root, HYDRA)
  await readInto(all, root, TRAINING_JSON)
  await readInto(all, root, 'README.md')
  for (const above of ancestors(root)) {
    await readInto(all, root, relative(root, join(above, HYDRA)))
    const beside: Configurations = { found: [], problems: [] }
    for (const name of await yamlNames(above)) {
      await readInto(beside, root, relative(root, join(above, name)))
    }
    all.found.push(...beside.found.filter((one) => isOutput(one, above, root)))
  }
  return all
}

/** The option of this name at any depth; of several, the outermost. */
export function optionOf({ values }: Configuration, name: string): YamlValue | undefined {
  const named = values.filter((value) => value.name.split('.').at(-1) === name)
  const depth = (value: YamlValue): number => value.name.split('.').length
  return named.sort((a, b) => depth(a) - depth(b))[0]
}

function ancestors(root: string): string[] {
  const parent = dirname(root)
  return [...new Set([parent, dirname(parent)])].filter((folder) => folder !== root)
}

/** The arguments of LLaMA-Factory's training have priority over the inputs of its web page. */
const FIRST = ['training_args.yaml', 'training_args.yml']
const LAST = ['llamaboard_config.yaml']

async function yamlNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    // The parent folder may be unreadable; then it has no configuration.
    if (systemCode(error) === undefined) throw error
    return []
  })
  const order = (name: string): number => (FIRST.includes(name) ? 0 : LAST.includes(name) ? 2 : 1)
  return names
    .filter((name) => /\.ya?ml$/i.test(name))
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1))
}

async function readInto(into: Configurations, root: string, file: string): Promise<void> {
  const text = await readOptionsText(join(root, file))
  if (text === undefined || !READ_OPTIONS.test(text)) return
  if (file === TRAINING_JSON && !OF_TRAINING.test(text)) return
  // Loaded here, because most runs have no YAML and `pick` must start fast.
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = yamlValues(text)
  if (Array.isArray(values)) into.found.push({ file, values: values.filter(isWritten) })
  else into.problems.push(invalidYaml(file, values.error))
}

function isWritten({ value }: YamlValue): boolean {
  return typeof value !== 'string' || !INTERPOLATION.test(value)
}

/** The note about a file that is not YAML. */
export function invalidYaml(file: string, error: string): ReaderNote {
  const text = `Ignored ${file}: it is not valid YAML (${error})`
  return { code: 'configuration_ignored', text }
}

async function readOptionsText(path: string): Promise<string | undefined> {
  try {
    const seen = await stat(path)
    if (!seen.isFile() || seen.size > LARGEST) return undefined
    const text = await textOfFile(path, LARGEST)
    return basename(path) === 'README.md' ? inModelCard(text) : text
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** The configuration in Axolotl's model card, on its own line numbers. */
function inModelCard(text: string): string | undefined {
  const start = text.indexOf('See axolotl config')
  const block = start === -1 ? null : /```yaml\n([\s\S]*?)\n```/.exec(text.slice(start))
  if (!block) return undefined
  const before = text.slice(0, start + block.index).split('\n').length
  return '\n'.repeat(before) + (block[1] ?? '')
}

/** Whether a configuration above the root names the root as its output. */
function isOutput(configuration: Configuration, folder: string, root: string): boolean {
  const named = optionOf(configuration, 'output_dir')?.value
  if (typeof named !== 'string') return false
  if (resolve(folder, named) === root) return true
  // The path may be from another machine, or relative to another folder.
  const name = named.split(/[\\/]/).filter(Boolean).at(-1)
  return folder === dirname(root) && name === basename(root)
}
