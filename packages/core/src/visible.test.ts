import fc from 'fast-check'
import { expect, test } from 'vitest'
import { visible, visibleLines } from './visible.ts'

test('control and invisible characters are shown as JSON escapes', () => {
  const shown = {
    '\u001b[2J\u0007\u0000\u007f\u009b': '\\u001b[2J\\u0007\\u0000\\u007f\\u009b',
    'a\r\n\tb\u2028\u2029c\u0085': 'a\\u000d\\u000a\\u0009b\\u2028\\u2029c\\u0085',
    '\u202egnp.exe\u2066\u061c\u200f': '\\u202egnp.exe\\u2066\\u061c\\u200f',
    'loss\u200b\ufeff\u00ad\u2060\u180e': 'loss\\u200b\\ufeff\\u00ad\\u2060\\u180e',
    '\ud800x\udfff': '\\ud800x\\udfff',
    'x\u{e0041}': 'x\\udb40\\udc41',
    'loss\u200d\ufe0f\u{e0100}': 'loss\\u200d\ufe0f\u{e0100}',
  }
  for (const [text, wanted] of Object.entries(shown)) expect(visible(text)).toBe(wanted)
  expect(visibleLines('a\r\n\tb\u202e')).toBe('a\\u000d\n\tb\\u202e')
})

test('text in any script, and emoji, does not change', () => {
  const texts = [
    'Ä 漢字 عربي עברית हिन्दी ไทย 한국어',
    'می‌خواهم',
    'ශ්‍රී',
    '👩‍🔬 ❤️‍🔥 1️⃣ #️⃣ 🏳️‍🌈 葛󠄀',
    'a b\u00a0c',
  ]
  for (const text of texts) expect(visible(text)).toBe(text)
})

test('a second call changes nothing, the text is one line, and JSON text keeps its meaning', () => {
  const anything = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(anything, (text) => {
      expect(visible(visible(text))).toBe(visible(text))
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      expect(JSON.parse(visibleLines(JSON.stringify({ [text]: text })))).toEqual({ [text]: text })
    }),
  )
})
