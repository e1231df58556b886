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

/** Larger files hold data, not options (bytes). */
const LARGEST = 1 << 20
/** What a program writes when it has settled its options. */
const RESOLVED = /^(hparams|args|training_args|opt|flags|cfg)\.ya?ml$/i
/** What a program may read its options from, or write them to. */
const NAMED =
  /^(config|configs?_.*|.*_config|args|hparams|hyper_?param(eter)?s|params|options|opt|settings|train(ing)?_(config|args|params)|experiment|run_config|flags|arguments|cfg)\.(json|ya?ml|toml)$/i

const EVENTS = /tfevents/

/** The files that tell how a run was configured, the most certain first. */
interface ConfigFiles {
  /** Written by the program, once it knew its options. */
  resolved: string[]
  others: string[]
}

/** The configuration files of a run, relative to its root. */
export async function findConfigFiles(listing: Listing): Promise<ConfigFiles> {
  const names = await listing.names()
  const hydra = names.includes('.hydra') ? await listing.names('.hydra') : []
  const resolved = [
    ...(await argumentsFile(listing, names)),
    ...names.filter((name) => RESOLVED.test(name)),
    ...(await findHyperparameterFiles(listing)),
    ...hydra.filter((name) => name === 'config.yaml').map((name) => `.hydra/${name}`),
  ]
  return { resolved, others: names.filter((name) => NAMED.test(name) && !resolved.includes(name)) }
}

/** The Trainer saves its arguments beside the last weights, else in each checkpoint. */
async function argumentsFile(listing: Listing, names: readonly string[]): Promise<string[]> {
  if (names.includes(TRAINING_ARGUMENTS)) return [TRAINING_ARGUMENTS]
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? [])
  const last = steps.map(Number).sort((a, b) => b - a)[0]
  const folder = `checkpoint-${last}`
  const isThere = last !== undefined && (await listing.names(folder)).includes(TRAINING_ARGUMENTS)
  return isThere ? [`${folder}/${TRAINING_ARGUMENTS}`] : []
}

/** Stands for what a file tells of the configuration; empty where it is missing. */
export function configStamp(root: string, file: string): string {
  const seen = statIfSeen(join(root, file))
  if (!seen) return ''
  return EVENTS.test(file)
    ? `${file} ${hyperparameterBytes(seen.size)}`
    : `${file} ${seen.mtimeMs} ${seen.size}`
}

/** The options in a configuration file; none where it cannot be read. */
export async function readOptionsFile(root: string, file: string): Promise<RunOptions> {
  if (file.endsWith(TRAINING_ARGUMENTS)) return readTrainingArguments(root, file)
  if (EVENTS.test(file)) return readHyperparameters(root, file)
  // A larger file is of another kind.
  const text = await textIfReadable(join(root, file), LARGEST)
  if (/\.toml$/i.test(file)) return optionsIn(tomlValues(text))
  if (/\.json$/i.test(file)) return optionsOfJson(text)
  // Loaded only here, since most runs have none and a pick should not wait for it.
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = yamlValues(text)
  return Array.isArray(values) ? optionsOfYaml(values) : {}
}

/** HuggingFace's `config.json` describes a model, and not how it was trained. */
function optionsOfJson(text: string): RunOptions {
  const said = jsonObject(text) ?? {}
  const isModel = 'architectures' in said || 'model_type' in said || 'transformers_version' in said
  return isModel ? {} : optionsIn(said)
}
