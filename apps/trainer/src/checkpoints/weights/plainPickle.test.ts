import { expect, test } from 'vitest'
import { plainPickle } from './plainPickle.ts'
import { Opaque } from './plainValues.ts'

// Python: pickle.dumps({'epoch': 3, 'metric': 0.5, 'saver': [None, True, -7, 'x'], 'at': (1, 2)}, 4)
const WHOLE = Buffer.from(
  'gASVQwAAAAAAAAB9lCiMBWVwb2NolEsDjAZtZXRyaWOURz/gAAAAAAAAjAVzYXZlcpRdlChOiEr5////jAF4lGWMAmF0lEsBSwKGlHUu',
  'base64',
)

test('dictionaries, lists, texts and numbers of a pickle are read as they are', () => {
  const { value, isWhole } = plainPickle(WHOLE)
  expect(isWhole).toBe(true)
  expect(Object.fromEntries(value as Map<string, unknown>)).toEqual({
    epoch: 3,
    metric: 0.5,
    saver: [null, true, -7, 'x'],
    at: [1, 2],
  })
})

test('of an incomplete pickle the existing values are read', () => {
  const { value, isWhole } = plainPickle(WHOLE.subarray(0, 50))
  expect(isWhole).toBe(false)
  expect((value as Map<string, unknown>).get('epoch')).toBe(3)
})

test('a call in a pickle is kept by its name and never run', () => {
  // os.system('false')
  const { value } = plainPickle(Buffer.from('\x80\x02cos\nsystem\n(X\x05\0\0\0falsetR.', 'latin1'))
  expect(value).toEqual(new Opaque('os.system', ['false']))
})
