import { parse, type PreprocessorGroup } from 'svelte/compiler'

/** Attributes that people read or hear, and marks for tests, which a report's file contains. */
const READ = new Set([
  ...['title', 'alt', 'label', 'placeholder', 'aria-label', 'aria-valuetext'],
  ...['data-line', 'data-winner', 'data-field'],
])

const IMPORT = `import { seen as _seen } from '#lib/seen.ts'`

/**
 * Lets every text and every read attribute of the components in a folder go through `seen`, which
 * shows what a name from a run hides. Done while they are compiled, so that none can be forgotten.
 */
export function visibleText(folder: string): PreprocessorGroup {
  // A build compiles each component twice: for the server and for the browser.
  const seen = new Map<string, string>()
  return {
    name: 'visible-text',
    markup({ content, filename }) {
      if (!filename?.startsWith(folder)) return undefined
      const code = seen.get(content) ?? withVisibleText(content)
      seen.set(content, code)
      return { code }
    },
  }
}

/** A component whose texts go through `seen`. */
export function withVisibleText(source: string): string {
  const { fragment, instance } = parse(source, { modern: true })
  const edits = [...editsIn(fragment, source)]
  if (edits.length === 0) return source
  if (instance) edits.push({ at: startOf(instance.content), text: `\n${IMPORT}\n` })
  const edited = edits
    .sort((a, b) => b.at - a.at)
    .reduce((code, { at, text }) => code.slice(0, at) + text + code.slice(at), source)
  return instance ? edited : `<script lang="ts">${IMPORT}</script>\n${edited}`
}

interface Edit {
  at: number
  text: string
}

/** Where a node of the template holds others. */
const PARTS = ['nodes', 'fragment', 'attributes', 'value', 'body', 'fallback', 'consequent']
PARTS.push('alternate', 'pending', 'then', 'catch')

/** What is put into a part of a component, so that its texts are seen. */
function* editsIn(node: unknown, source: string): Generator<Edit> {
  if (Array.isArray(node)) {
    for (const one of node) yield* editsIn(one, source)
  } else if (isNode(node)) {
    const { type, name, expression } = node
    if (type === 'Attribute') {
      if (!READ.has(String(name))) return
      if (source[startOf(node)] === '{') yield { at: startOf(node), text: `${String(name)}=` }
    }
    if (type !== 'ExpressionTag') {
      for (const [part, value] of Object.entries(node)) {
        if (PARTS.includes(part)) yield* editsIn(value, source)
      }
    } else if (isNode(expression) && expression.type !== 'Literal') {
      yield { at: startOf(expression), text: '_seen(' }
      yield { at: Number(expression.end), text: ')' }
    }
  }
}

function startOf(node: object): number {
  return 'start' in node ? Number(node.start) : NaN
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
