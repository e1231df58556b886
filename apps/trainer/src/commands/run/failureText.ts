/** The first line of a Python traceback. The line of the error follows after the frames. */
const TRACEBACK = /^(\s*)Traceback \(most recent call last\):/
/** A progress bar of tqdm, Keras and others. */
const BAR = /\d+%\|.*\||\[[=>.█━ ╸╺-]{3,}\]|[█━╸]{3,}|\d+(\.\d+)?(it|s|B)\/(s|it)\b/

/**
 * Why a program failed, from the end of its output: the error line of the last traceback, else the
 * last line that is not a progress bar. Empty if there is none.
 */
export function failureTextIn(output: string): string {
  const lines = output.split('\n').map(visibleText)
  const begin = lines.findLastIndex((line) => TRACEBACK.test(line))
  if (begin !== -1) {
    const indent = TRACEBACK.exec(lines[begin] ?? '')?.[1] ?? ''
    const error = lines.slice(begin + 1).find((line) => isErrorLine(line, indent))
    if (error !== undefined) return error.trim()
  }
  return lines.findLast((line) => line.trim() !== '' && !BAR.test(line))?.trim() ?? ''
}

/** The visible text of a line on which a progress bar was redrawn. */
function visibleText(line: string): string {
  return line.trimEnd().split('\r').at(-1) ?? ''
}

/** Frames and their code are indented more than the error line. */
function isErrorLine(line: string, indent: string): boolean {
  return line.trim() !== '' && line.startsWith(indent) && !/^\s/.test(line.slice(indent.length))
}
