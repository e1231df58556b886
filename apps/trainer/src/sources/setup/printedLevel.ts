import { TRACEBACK, type EventOf } from '@bestmark/core'

type Level = EventOf<'log'>['level']

const WORD = '(DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)'

/** Where logging libraries write the level of a line, each with one group. */
const PLACES = [
  // Python's default format, and the times of vLLM, absl and rich after the word.
  new RegExp(`^${WORD}(?::|\\s+\\d\\d|\\s*[|\\]])`),
  new RegExp(`^\\s*${WORD}\\s{2,}\\S`),
  // After a time: 12:00:00,123 WARNING name
  new RegExp(`\\d\\d:\\d\\d:\\d\\d\\S*\\]?\\s+(?:\\[\\S+\\]\\s+)?${WORD}(?:[\\s:|]|$)`),
  // Between separators: [WARNING|trainer.py:12], (ERROR), - WARNING -, | ERROR    |
  new RegExp(`[[(<]${WORD}[\\]|)>:]`),
  new RegExp(`\\s-\\s${WORD}\\s-\\s`),
  new RegExp(`\\|\\s*${WORD}\\s*\\|`),
  // Named: level=error, "levelname": "ERROR"
  /\blevel(?:name)?["']?\s*[=:]\s*["']?(debug|info|warn|warning|error|critical|fatal)\b/i,
  // glog and the C++ side of PyTorch: W1126 12:00:00.123456 12 file.cc:7], [W Utils.cpp:7]
  /^(?:\[rank\d+\]:\s?)?\[?([IWEF])(?:\d{4} \d\d:\d\d:\d\d| \w+\.(?:cpp|cc|cu|h):\d+)/,
]

/** How far into a line a level is searched for, because later words are its message. */
const HEAD = 160

/** The last line of a Python traceback: the exception and its message. */
const EXCEPTION =
  /^(?:\[rank\d+\]:\s?)?(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception|Interrupt))(?::\s|$)/

/** A line of Python's module `warnings`: file.py:12: UserWarning: … */
const WARNED = /^\S+\.py:\d+: \w*Warning: /

/**
 * The level of a line that a program printed, by what a logging library or Python wrote in it. A
 * line without such a sign is `info`.
 */
export function printedLevel(text: string): Level {
  if (text.includes(TRACEBACK) || EXCEPTION.test(text)) return 'error'
  if (WARNED.test(text)) return 'warning'
  const head = text.slice(0, HEAD)
  const [first] = PLACES.map((place) => place.exec(head))
    .filter((match) => match !== null)
    .sort((a, b) => a.index - b.index)
  return levelOf(first?.[1] ?? '')
}

function levelOf(word: string): Level {
  if (/^(W|WARN|WARNING)$/i.test(word)) return 'warning'
  return /^(E|F|ERROR|CRITICAL|FATAL)$/i.test(word) ? 'error' : 'info'
}
