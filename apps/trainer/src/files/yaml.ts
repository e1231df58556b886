import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { errorText } from '../failure.ts'

type Scalar = string | number | boolean

/** A single value of a YAML file; `name` is its path with dots, as in `callbacks.0.monitor`. */
export interface YamlValue {
  name: string
  value: Scalar
  /** From 1. */
  line: number
  /** Whether it stands in a list, where its name tells little. */
  isListed: boolean
}

/** The single values of a YAML text, in order; an error's text with its line where it is none. */
export function yamlValues(text: string): YamlValue[] | { error: string } {
  try {
    return readValues(text)
  } catch (error) {
    // Its parser goes from node to node by calling itself.
    return { error: errorText(error) }
  }
}

function readValues(text: string): YamlValue[] | { error: string } {
  const lineCounter = new LineCounter()
  // YAML 1.1 and the last of equal keys, as PyYAML reads them.
  const options = { version: '1.1', uniqueKeys: false, prettyErrors: false } as const
  const document = parseDocument(text, { ...options, lineCounter, logLevel: 'silent' })
  const [error] = document.errors
  if (error) {
    return { error: `line ${lineCounter.linePos(error.pos[0]).line}: ${errorText(error)}` }
  }
  const found: YamlValue[] = []
  collect(document, document.contents, { path: [], isListed: false, at: 0 }, (value, place) => {
    const { line } = lineCounter.linePos(place.at)
    found.push({ name: place.path.join('.'), value, line, isListed: place.isListed })
  })
  return found
}

interface Place {
  path: string[]
  isListed: boolean
  /** The offset of the key, or of the item in a list. */
  at: number
}

function collect(
  document: Document,
  node: unknown,
  place: Place,
  found: (value: Scalar, place: Place) => void,
): void {
  // Only single values are followed, since an alias of an alias of … may be of any size.
  const aliased = isAlias(node) ? node.resolve(document) : undefined
  const scalar = isScalar(aliased) ? aliased : node
  if (isScalar(scalar)) {
    const { value } = scalar
    const isPlain = typeof value === 'string' || typeof value === 'boolean'
    if (isPlain || (typeof value === 'number' && Number.isFinite(value))) found(value, place)
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue
      const at = key.range?.[0] ?? place.at
      // What is merged in (<<) stands in the outer map itself.
      const own = typeof key.value === 'symbol' ? [] : [String(key.value)]
      collect(document, value, { ...place, path: [...place.path, ...own], at }, found)
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      const path = [...place.path, String(index)]
      collect(document, item, { path, isListed: true, at: place.at }, found)
    })
  }
}
