/** Logs and configurations are never nested deeper. */
const DEEPEST = 100
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/**
 * JSON text in which values that are nested too deeply are null, so that recursive code cannot
 * overflow the stack. O(text).
 */
export function shallow(text: string): string {
  if (text.length <= 2 * DEEPEST || !mayBeDeep(text)) return text
  let [depth, isQuoted, cut, from, kept] = [0, false, 0, 0, '']
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isQuoted) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isQuoted = false
    } else if (code === QUOTE) isQuoted = true
    else if (OPENING.has(code)) {
      if (++depth === DEEPEST + 1) cut = at
    } else if (CLOSING.has(code) && depth-- === DEEPEST + 1) {
      kept += `${text.slice(from, cut)}null`
      from = at + 1
    }
  }
  return kept + text.slice(from)
}

/** Whether enough brackets open; most lines have a few, and counting them is fast. */
function mayBeDeep(text: string): boolean {
  let opened = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++opened > DEEPEST) return true
    }
  }
  return false
}
