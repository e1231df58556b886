import { stat } from 'node:fs/promises'
import { systemCode } from '../../failure.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { textOfFile } from '../../files/runFile.ts'
import { yamlValues } from '../../files/yaml.ts'

/** How training programs call the folder that they write to. */
const OUTPUT = /^--?(output[_-]dir|out[_-]dir|save[_-]dir|default[_-]root[_-]dir)$/
/** Where nothing else is told, the logs may be all there is; launchers keep their own by such names. */
const LOGS = /^--?(logging[_-]dir|log[_-]dir|logdir)$/
/** How configurations that a program is given call it. */
const SETTING = /^(output_dir|out_dir|save_dir|default_root_dir)$/
/** nanoGPT is configured by Python files. */
const ASSIGNED = /^out_dir\s*=\s*(['"])(.+?)\1/m
/** What is longer is data, not a configuration (bytes). */
const LONGEST = 1 << 20

/**
 * The folder that a program is told to write to, as its words name it: by an option, or else in the
 * last of the configurations (YAML, JSON, nanoGPT's Python) that they name, or else where its logs
 * go. Undefined where none does; a configuration that cannot be read is the program's to complain of.
 */
export async function outputFolderOf(argv: readonly string[]): Promise<string | undefined> {
  return optionIn(argv, OUTPUT) ?? (await configuredIn(argv)) ?? optionIn(argv, LOGS)
}

/** Of an option that is told twice the last counts, as programs have it. */
function optionIn(argv: readonly string[], names: RegExp): string | undefined {
  const values = argv.flatMap((word, index) => {
    const [option = '', value = argv[index + 1]] = word.split(/=(.*)/s)
    return names.test(option) && value && !value.startsWith('-') ? [value] : []
  })
  return values.at(-1)
}

async function configuredIn(argv: readonly string[]): Promise<string | undefined> {
  let found: string | undefined
  for (const word of argv) {
    const path = word.replace(/^--?[\w-]+=/, '')
    if (/\.(ya?ml|json|py)$/.test(path)) found = (await folderToldIn(callerPath(path))) ?? found
  }
  return found
}

async function folderToldIn(path: string): Promise<string | undefined> {
  const text = await textOf(path)
  if (path.endsWith('.py')) return ASSIGNED.exec(text)?.[2]
  const values = yamlValues(text)
  if ('error' in values) return undefined
  const told = values.findLast(({ name }) => SETTING.test(name))?.value
  return typeof told === 'string' && told !== '' ? told : undefined
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
