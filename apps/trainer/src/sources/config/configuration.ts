import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { systemCode } from '../../failure.ts'
import { textOfFile } from '../../files/runFile.ts'
import type { YamlValue } from '../../files/yaml.ts'

/** What a configuration file beside a run says. */
export interface Configuration {
  /** Its path relative to the run's root. */
  file: string
  values: YamlValue[]
}

/** The configurations of a run, the one that counts first, and files that could not be read. */
export interface Configurations {
  found: Configuration[]
  problems: string[]
}

/** Larger files hold data, not settings (bytes). */
const LARGEST = 1 << 20
/** Where none of these stands in the text, the file has nothing to say here. */
const READ_OPTIONS =
  /metric_for_best_model|eval_metric|save_best|best_checkpoint_metric|best_model_criterion|epochs|greater_is_better|load_best_model_at_end|early_stopping|save_steps|eval_steps|monitor|max_steps|max_epochs|num_train_epochs|num_epochs/

/**
 * The YAML files that configured a run: those in its root, Axolotl's in the root's model card, and
 * those in the two folders above whose `output_dir` names the root.
 */
export async function readConfigurations(root: string): Promise<Configurations> {
  const all: Configurations = { found: [], problems: [] }
  for (const name of await yamlNames(root)) await readInto(all, root, name)
  await readInto(all, root, 'README.md')
  for (const above of ancestors(root)) {
    const beside: Configurations = { found: [], problems: [] }
    for (const name of await yamlNames(above)) {
      await readInto(beside, root, relative(root, join(above, name)))
    }
    all.found.push(...beside.found.filter((one) => isOutput(one, above, root)))
  }
  return all
}

/** The one value of a name, wherever it is nested; the outermost where there are several. */
export function optionOf({ values }: Configuration, name: string): YamlValue | undefined {
  const named = values.filter((value) => value.name.split('.').at(-1) === name)
  const depth = (value: YamlValue): number => value.name.split('.').length
  return named.sort((a, b) => depth(a) - depth(b))[0]
}

function ancestors(root: string): string[] {
  const parent = dirname(root)
  return [...new Set([parent, dirname(parent)])].filter((folder) => folder !== root)
}

/** What LLaMA-Factory was run with counts before what its page was filled in with. */
const FIRST = ['training_args.yaml', 'training_args.yml']
const LAST = ['llamaboard_config.yaml']

async function yamlNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    // A folder above that may not be listed says nothing of the run.
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
  // Loaded only here, since most runs have none and a pick should not wait for it.
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = yamlValues(text)
  if (Array.isArray(values)) into.found.push({ file, values })
  else into.problems.push(`Ignored ${file}: it is not valid YAML (${values.error})`)
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

/** The configuration that Axolotl writes into its model card, on the lines where it stands there. */
function inModelCard(text: string): string | undefined {
  const start = text.indexOf('See axolotl config')
  const block = start === -1 ? null : /```yaml\n([\s\S]*?)\n```/.exec(text.slice(start))
  if (!block) return undefined
  const before = text.slice(0, start + block.index).split('\n').length
  return '\n'.repeat(before) + (block[1] ?? '')
}

/** Whether a configuration that lies above the root names it as its output. */
function isOutput(configuration: Configuration, folder: string, root: string): boolean {
  const named = optionOf(configuration, 'output_dir')?.value
  if (typeof named !== 'string') return false
  if (resolve(folder, named) === root) return true
  // It may be a path of another machine, or of the folder that training was started in.
  const name = named.split(/[\\/]/).filter(Boolean).at(-1)
  return folder === dirname(root) && name === basename(root)
}
