import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { errorText } from '../failure.ts'

type Scalar = string | number | boolean

/** A simple value of a YAML file; `name` is its path with dots, as in `callbacks.0.monitor`. */
export interface YamlValue {
  name: string
  value: Scalar
  /** From 1. */
  line: number
  /** Whether it is in a list, where its name says little. */
  isListed: boolean
}

/** Configurations are never nested deeper. For deeper ones the parser takes seconds, and then fails. */
const DEEPEST = 500
const DEEP_LISTS = new RegExp(`(?:[-?] +){${DEEPEST + 1}}`)

/** Parses the simple values of a YAML text, in order; or returns an error with its line. */
export function yamlValues(text: string): YamlValue[] | { error: string } {
  const deep = tooDeepAt(text)
  if (deep >= 0) {
    return { error: `line ${text.slice(0, deep).split('\n').length}: it is nested too deeply` }
  }
  try {
    return readValues(text)
  } catch (error) {
    // The recursive parser throws if the nesting is too deep.
    return { error: errorText(error) }
  }
}

/**
 * Where a text is nested too deeply, or -1. Brackets in quotes count too: so many that are not closed
 * are in no name.
 */
function tooDeepAt(text: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '[' || character === '{') depth++
    else if ((character === ']' || character === '}') && depth > 0) depth--
    if (depth > DEEPEST) return at
  }
  return text.search(DEEP_LISTS)
}

function readValues(text: string): YamlValue[] | { error: string } {
  const lineCounter = new LineCounter()
  // Like PyYAML: YAML 1.1, and the last of equal keys counts.
  const options = { version: '1.1', uniqueKeys: false, prettyErrors: false } as const
  const document = parseDocument(text, { ...options, lineCounter, logLevel: 'silent' })
  const [error] = document.errors
  if (error) {
    return { error: `line ${lineCounter.linePos(error.pos[0]).line}: ${errorText(error)}` }
  }
  const found: YamlValue[] = []
  collect(document, document.contents, { path: [], isListed: false, at: 0 }, (value, position) => {
    const { line } = lineCounter.linePos(position.at)
    found.push({ name: position.path.join('.'), value, line, isListed: position.isListed })
  })
  return found
}

interface Position {
  path: string[]
  isListed: boolean
  /** The offset of the key, or of the item in a list. */
  at: number
}

function collect(
  document: Document,
  node: unknown,
  position: Position,
  found: (value: Scalar, position: Position) => void,
): void {
  // Only aliases of simple values are resolved, because nested aliases may have any size.
  const aliased = isAlias(node) ? node.resolve(document) : undefined
  const scalar = isScalar(aliased) ? aliased : node
  if (isScalar(scalar)) {
    const { value } = scalar
    const isPlain = typeof value === 'string' || typeof value === 'boolean'
    if (isPlain || (typeof value === 'number' && Number.isFinite(value))) found(value, position)
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue
      const at = key.range?.[0] ?? position.at
      // Merged values (<<) belong to the outer map.
      const names = typeof key.value === 'symbol' ? [] : [String(key.value)]
      collect(document, value, { ...position, path: [...position.path, ...names], at }, found)
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      const path = [...position.path, String(index)]
      collect(document, item, { path, isListed: true, at: position.at }, found)
    })
  }
}
