import { join } from 'node:path'
import type { Listing } from '../../files/listing.ts'
import { jsonObject } from '../../files/json.ts'
import { statIfSeen, textIfReadable } from '../../files/runFile.ts'
import { tomlValues } from '../../files/toml.ts'
import { type RunOptions, optionsIn, optionsOfYaml } from '../config/runOptions.ts'
import { readTrainingArguments, TRAINING_ARGUMENTS } from '../config/trainingArguments.ts'
import {
  hyperparameterBytes,
  findHyperparameterFiles,
  readHyperparameters,
} from '../tensorboard/hyperparameters.ts'

/** Larger files are data, not options (bytes). */
const LARGEST = 1 << 20
/** Files with the final options, written by the program. */
const RESOLVED = /^(hparams|args|training_args|opt|flags|cfg)\.ya?ml$/i
/** Other files with options. */
const NAMED =
  /^(config|configs?_.*|.*_config|args|hparams|hyper_?param(eter)?s|params|options|opt|settings|train(ing)?_(config|args|params)|experiment|run_config|flags|arguments|cfg)\.(json|ya?ml|toml)$/i

const EVENTS = /tfevents/
const MODEL_FIELDS = ['architectures', 'model_type', 'transformers_version']

/** The configuration files of a run, the most reliable first. */
interface ConfigFiles {
  /** With the final options, written by the program. */
  resolved: string[]
  others: string[]
}

/** Finds the configuration files of a run. */
export async function findConfigFiles(listing: Listing): Promise<ConfigFiles> {
  const names = listing.names()
  const hydra = names.includes('.hydra') ? listing.names('.hydra') : []
  const resolved = [
    ...(await argumentsFile(listing, names)),
    ...names.filter((name) => RESOLVED.test(name)),
    ...(await findHyperparameterFiles(listing)),
    ...hydra.filter((name) => name === 'config.yaml').map((name) => `.hydra/${name}`),
  ]
  return { resolved, others: names.filter((name) => NAMED.test(name) && !resolved.includes(name)) }
}

/** The Trainer's arguments: in the root, else in the last checkpoint. */
async function argumentsFile(listing: Listing, names: readonly string[]): Promise<string[]> {
  if (names.includes(TRAINING_ARGUMENTS)) return [TRAINING_ARGUMENTS]
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
  const last = steps.map(Number).sort((a, b) => b - a)[0]
  const folder = `checkpoint-${last}`
  const isThere = last !== undefined && listing.names(folder).includes(TRAINING_ARGUMENTS)
  return isThere ? [`${folder}/${TRAINING_ARGUMENTS}`] : []
}

/** A text that changes when the options in a file change; empty if the file is missing. */
export function configStamp(root: string, file: string): string {
  const seen = statIfSeen(join(root, file))
  if (!seen) return ''
  return EVENTS.test(file)
    ? `${file} ${hyperparameterBytes(seen.size)}`
    : `${file} ${seen.mtimeMs} ${seen.size}`
}

/** The options in a configuration file; none if it cannot be read. */
export async function readOptionsFile(root: string, file: string): Promise<RunOptions> {
  if (file.endsWith(TRAINING_ARGUMENTS)) return readTrainingArguments(root, file)
  if (EVENTS.test(file)) return readHyperparameters(root, file)
  const text = await textIfReadable(join(root, file), LARGEST)
  if (/\.toml$/i.test(file)) return optionsIn(tomlValues(text))
  if (/\.json$/i.test(file)) return optionsOfJson(text)
  // Loaded here, because most runs have no YAML and `pick` must start fast.
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = yamlValues(text)
  return Array.isArray(values) ? optionsOfYaml(values) : {}
}

/** HuggingFace's `config.json` describes a model, not its training. */
function optionsOfJson(text: string): RunOptions {
  const options = jsonObject(text) ?? {}
  const isModel = MODEL_FIELDS.some((name) => Object.hasOwn(options, name))
  return isModel ? {} : optionsIn(options)
}
