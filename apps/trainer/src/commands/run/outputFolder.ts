import { stat } from 'node:fs/promises'
import { isUri } from '@bestmark/core'
import { systemCode } from '../../failure.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { textOfFile } from '../../files/runFile.ts'
import { yamlValues } from '../../files/yaml.ts'

/** Options for the output folder of training programs. */
const OUTPUT = /^--?(output[_-]dir|out[_-]dir|save[_-]dir|default[_-]root[_-]dir)$/
/** Options for logs. They are used last, since launchers use such names for their own logs. */
const LOGS = /^--?(logging[_-]dir|log[_-]dir|logdir)$/
/** Names of the output folder in configuration files. */
const FOLDER_OPTION = /^(output_dir|out_dir|save_dir|default_root_dir)$/
/** The output folder in a Python file, the configuration of nanoGPT. */
const ASSIGNED = /^out_dir\s*=\s*(['"])(.+?)\1/m
/** A longer file is data, not a configuration (bytes). */
const LONGEST = 1 << 20

/**
 * The output folder in a program's arguments: from an option, else from the last configuration file
 * that they name (YAML, JSON, nanoGPT's Python), else from an option for logs. Undefined if there is
 * none: a URI in an object store is no folder. A file that cannot be read is ignored, since the program
 * reports it.
 */
export async function outputFolderOf(argv: readonly string[]): Promise<string | undefined> {
  return optionIn(argv, OUTPUT) ?? (await configuredIn(argv)) ?? optionIn(argv, LOGS)
}

/** If an option is given twice, the last one counts. */
function optionIn(argv: readonly string[], names: RegExp): string | undefined {
  const values = argv.flatMap((word, index) => {
    const [option = '', value = argv[index + 1]] = word.split(/=(.*)/s)
    const isFolder = value && !value.startsWith('-') && !isUri(value)
    return names.test(option) && isFolder ? [value] : []
  })
  return values.at(-1)
}

async function configuredIn(argv: readonly string[]): Promise<string | undefined> {
  let found: string | undefined
  for (const word of argv) {
    const path = word.replace(/^--?[\w-]+=/, '')
    if (/\.(ya?ml|json|py)$/.test(path) && !isUri(path))
      found = (await folderIn(callerPath(path))) ?? found
  }
  return found
}

async function folderIn(path: string): Promise<string | undefined> {
  const text = await textOf(path)
  if (path.endsWith('.py')) return folderOf(ASSIGNED.exec(text)?.[2])
  const values = yamlValues(text)
  if ('error' in values) return undefined
  const folder = values.findLast(({ name }) => FOLDER_OPTION.test(name))?.value
  return folderOf(folder)
}

function folderOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !isUri(value) ? value : undefined
}

async function textOf(path: string): Promise<string> {
  try {
    const file = await stat(path)
    return file.isFile() && file.size <= LONGEST ? await textOfFile(path, LONGEST) : ''
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  }
}
