import { closeSync, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { readBytes } from '../../files/lines.ts'
import { openFile } from '../../files/runFile.ts'
import { ERRORS, MARK, OUTPUT } from './runOutput.ts'

/** The end of an output that is searched for the reason of a failure (bytes). */
export const TAIL = 65_536

/** The first line of a Python traceback, plain or in a box of rich. torchrun puts the rank before it. */
const TRACEBACK = /^(\[rank\d+\]: ?|\s*)(?:Original |╭.*)?Traceback \(most recent call last\)/
/** Python prints a traceback after such a line for an error that it ignores. */
const IGNORED = /^Exception ignored /
/** The error of torchrun about a worker, whose own traceback has the reason. */
const OF_LAUNCHER = /ChildFailedError/
/** A progress bar of tqdm, Keras and others. */
const BAR = /\d+%\|.*\||\[[=>.█━ ╸╺-]{3,}\]|[█━╸]{3,}|\d+(\.\d+)?(it|s|B)\/(s|it)\b/

/**
 * Why a program failed, from the end of its output: the error line of the last traceback, else the
 * last line that is not a progress bar. Empty if there is none.
 */
export function failureTextIn(output: string): string {
  const lines = linesOf(output)
  return errorIn(lines)?.text ?? lines.findLast(isText)?.trim() ?? ''
}

/** The error with which the output of the last program in a folder ends; undefined if it ends otherwise. */
export function lastErrorIn(folder: string): string | undefined {
  for (const file of [ERRORS, OUTPUT]) {
    const all = linesOf(lastOutput(join(folder, file)))
    const lines = all.slice(all.findLastIndex((line) => line.startsWith(MARK)) + 1)
    const error = errorIn(lines)
    if (error && !lines.slice(error.line + 1).some(isText)) return error.text
  }
  return undefined
}

/** The end of an output file; empty if it cannot be read. */
export function lastOutput(path: string): string {
  try {
    const file = openFile(path)
    try {
      const { size } = fstatSync(file)
      return readBytes(file, Math.max(0, size - TAIL), Math.min(size, TAIL)).toString('utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return ''
  }
}

/** The error line of the last traceback and its index. */
function errorIn(lines: readonly string[]): { line: number; text: string } | undefined {
  let launchers: { line: number; text: string } | undefined
  for (let begin = lines.length - 1; begin >= 0; begin--) {
    const prefix = TRACEBACK.exec(lines[begin] ?? '')?.[1]
    if (prefix === undefined || IGNORED.test(lines[begin - 1] ?? '')) continue
    const line = lines.findIndex((text, index) => index > begin && isErrorLine(text, prefix))
    if (line === -1) continue
    const found = { line, text: (lines[line] ?? '').slice(prefix.length).trim() }
    if (!OF_LAUNCHER.test(found.text)) return found
    launchers ??= found
  }
  return launchers
}

function linesOf(output: string): string[] {
  return output.split('\n').map(visibleText)
}

/** The visible text of a line on which a progress bar was redrawn. */
function visibleText(line: string): string {
  return line.trimEnd().split('\r').at(-1) ?? ''
}

function isText(line: string): boolean {
  return line.trim() !== '' && !BAR.test(line)
}

/** Frames and their code are indented more than the error line, or in a box. */
function isErrorLine(line: string, prefix: string): boolean {
  return line.trim() !== '' && line.startsWith(prefix) && !/^[\s│╰]/.test(line.slice(prefix.length))
}
