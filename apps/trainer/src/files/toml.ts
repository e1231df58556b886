import { setOwn } from '@bestmark/core'

/**
 * Parses the simple values of a TOML text, by names with dots: texts, numbers and booleans, one per
 * line, and lists on one line. Other values and invalid lines are skipped.
 */
export function tomlValues(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  let table = ''
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*([^[\]]+?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1]
    if (head !== undefined) table = `${unquoted(head)}.`
    // Tables in a list have no unique name.
    else if (/^\s*\[\[/.test(line)) table = ''
    const [, key, rest] = /^\s*([\w.-]+|"[^"]*"|'[^']*')\s*=\s*(.+)$/.exec(line) ?? []
    const value = rest === undefined ? undefined : valueIn(rest.trim())
    if (key !== undefined && value !== undefined) {
      setOwn<unknown>(found, table + unquoted(key), value)
    }
  }
  return found
}

function unquoted(key: string): string {
  return key.replaceAll(/["']/g, '')
}

const TEXT = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?$/
const PLAIN = /^([^#"']+?)\s*(?:#.*)?$/
const LIST = /^\[([^[\]{}]*)\]\s*(?:#.*)?$/

function valueIn(text: string): unknown {
  const list = LIST.exec(text)?.[1]
  if (list !== undefined) {
    const items = list.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^,\s]+/g) ?? []
    const values = items.map(valueIn)
    return values.includes(undefined) ? undefined : values
  }
  const [whole, double, single] = TEXT.exec(text) ?? []
  if (whole !== undefined) return single ?? escaped(double ?? '')
  const plain = PLAIN.exec(text)?.[1] ?? ''
  if (plain === 'true' || plain === 'false') return plain === 'true'
  const number = Number(plain.replaceAll('_', ''))
  return plain === '' || Number.isNaN(number) ? undefined : number
}

function escaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    // JSON does not have all escapes of TOML.
    return text
  }
}
