/** How Python begins to tell of an error that nobody caught; the error's own line follows its frames. */
const TRACEBACK = /^(\s*)Traceback \(most recent call last\):/
/** A progress bar, as tqdm, Keras and others draw it. */
const BAR = /\d+%\|.*\||\[[=>.█━ ╸╺-]{3,}\]|[█━╸]{3,}|\d+(\.\d+)?(it|s|B)\/(s|it)\b/

/**
 * Why a program failed, as the end of its output says it: the last line of the last traceback, else the
 * last line that is no progress bar. Empty where there is none.
 */
export function failureTextIn(output: string): string {
  const lines = output.split('\n').map(asShown)
  const begin = lines.findLastIndex((line) => TRACEBACK.test(line))
  if (begin !== -1) {
    const indent = TRACEBACK.exec(lines[begin] ?? '')?.[1] ?? ''
    const error = lines.slice(begin + 1).find((line) => isErrorLine(line, indent))
    if (error !== undefined) return error.trim()
  }
  return lines.findLast((line) => line.trim() !== '' && !BAR.test(line))?.trim() ?? ''
}

/** What stands on a line in the end, where a bar was drawn over and over. */
function asShown(line: string): string {
  return line.trimEnd().split('\r').at(-1) ?? ''
}

/** Frames and their code are indented further than the error itself. */
function isErrorLine(line: string, indent: string): boolean {
  return line.trim() !== '' && line.startsWith(indent) && !/^\s/.test(line.slice(indent.length))
}
