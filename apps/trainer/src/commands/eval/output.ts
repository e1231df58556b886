import { parsePythonJson } from '@bestmark/core'
import { measurementsIn, type Measurements } from '../score/results.ts'

/**
 * The measurements that a command printed: the whole output if it is one JSON object, else the last
 * line that is one, else the object from the last line that starts with a brace. Empty if there is no
 * number. Line numbers count from the start of the output.
 */
export function measurementsPrinted(output: string): Measurements[] {
  const whole = printedAt(output, 0)
  if (whole.length > 0) return whole
  const lines = output.split('\n')
  for (const [index, line] of [...lines.entries()].reverse()) {
    const found = printedAt(line, index)
    if (found.length > 0) return found
  }
  const opening = lines.findLastIndex((line) => line.startsWith('{'))
  return opening === -1 ? [] : printedAt(lines.slice(opening).join('\n'), opening)
}

function printedAt(text: string, linesBefore: number): Measurements[] {
  if (!text.trimStart().startsWith('{')) return []
  const found = measurementsIn(parsed(text), text)
  return found.map(({ lines, ...rest }) => {
    const moved = Object.entries(lines).map(([name, line]) => [name, line + linesBefore] as const)
    return { ...rest, lines: Object.fromEntries(moved) }
  })
}

function parsed(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    // Most lines of a program are not JSON.
    return undefined
  }
}
