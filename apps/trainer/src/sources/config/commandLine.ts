import { setOwn } from '@bestmark/core'
import { isSecret, type RunOptions, optionsIn } from './runOptions.ts'

/** The options in a command: `--name value`, `--name=value`, `--flag`, `name=value`. */
export function commandLineOptions(argv: readonly string[]): RunOptions {
  const found: RunOptions = {}
  const words = argv.slice(scriptEnd(argv))
  for (const [index, word] of words.entries()) {
    const [, dashes = '', name, value] = /^(-{0,2})([A-Za-z_][\w.-]*)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined || (dashes === '' && value === undefined)) continue
    setOwn<unknown>(found, name.replaceAll('-', '_'), typed(value ?? following(words[index + 1])))
  }
  return optionsIn(found)
}

/** The command as text, with the values of secret options hidden. */
export function redactedCommand(argv: readonly string[]): string {
  return argv
    .map((word, index) => {
      const before = (argv[index - 1] ?? '').replace(/^-+/, '')
      const [, name, value] = /^(-{0,2}[\w.-]+)=(.*)$/s.exec(word) ?? []
      if (name !== undefined && value !== undefined && isSecret(name.replace(/^-+/, ''))) {
        return `${name}=…`
      }
      return /^-/.test(argv[index - 1] ?? '') && isSecret(before) ? '…' : word
    })
    .join(' ')
}

/** Index of the program's first option: after the script, or after `-m MODULE`. */
function scriptEnd(argv: readonly string[]): number {
  const script = argv.findIndex((word) => /\.(py|sh|js|mjs)$/.test(word))
  const module = argv.indexOf('-m')
  const end = script === -1 ? (module === -1 ? 1 : module + 2) : script + 1
  return Math.min(end, argv.length)
}

/** The value after an option. Without a value it is a flag. */
function following(word: string | undefined): string {
  const isValue = word !== undefined && (!word.startsWith('-') || /^-\.?\d/.test(word))
  return isValue ? word : 'true'
}

function typed(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
  return isNumber ? Number(text) : text
}
