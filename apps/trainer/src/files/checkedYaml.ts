import {
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLParseError,
} from 'yaml'
import type { z } from 'zod'
import { Failure } from '../failure.ts'
import { issueWords } from './issueWords.ts'

/**
 * The options in a YAML file (or JSON, which is valid YAML), by a schema. Throws a Failure with the
 * line and the key of the first error.
 */
export function checkedYaml<Schema extends z.ZodType>(
  text: string,
  path: string,
  schema: Schema,
): z.infer<Schema> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number): number => lines.linePos(offset).line
  const [error] = document.errors
  if (error) throw new Failure(`${path}, line ${lineAt(error.pos[0])}: ${syntaxWords(error)}`)
  // No aliases: a few of them may stand for a text of any size.
  const {
    success,
    data,
    error: wrong,
  } = schema.safeParse(plainOf(document, path), {
    error: issueWords,
  })
  if (success) return data
  const [issue] = wrong.issues
  if (!issue) throw wrong
  const { line, key } = placeOfIssue(document, issue, lineAt)
  throw new Failure(`${path}, line ${line}: ${key}: ${messageOf(issue)}.`)
}

function syntaxWords({ code, message }: YAMLParseError): string {
  return code === 'DUPLICATE_KEY' ? 'a key must not be given twice.' : message
}

/** What is wrong with a key is within the error about it. */
function messageOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_key' ? issue.issues[0] : undefined
  return (inner ?? issue).message
}

function plainOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new Failure(`${path}: write the values out instead of aliases.`, { cause })
  }
}

/** The line and the dotted key that an error is about. */
function placeOfIssue(
  document: Document,
  issue: z.core.$ZodIssue,
  lineAt: (offset: number) => number,
): { line: number; key: string } {
  const extra = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...issue.path, ...extra].map((part) =>
    typeof part === 'number' ? part : String(part),
  )
  // A missing key has no line, so the line of what should have it is given.
  const found = path
    .map((_, at) => keyNode(document, path.slice(0, path.length - at)))
    .find(Boolean)
  const offset = found?.range?.[0] ?? document.contents?.range?.[0] ?? 0
  return { line: lineAt(offset), key: path.length > 0 ? path.join('.') : 'the file' }
}

/** The key of a value in a map, or the item of a list. */
function keyNode(document: Document, path: readonly (string | number)[]): Node | undefined {
  const last = path.at(-1)
  const above = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(above)) return document.getIn(path, true) as Node | undefined
  const pair = above.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
  return pair?.key as Node | undefined
}
