import { type TrainingEvent, readerNote } from '@bestmark/core'
import { expect, test } from 'vitest'
import type { Piece } from '../sources/reader/source.ts'
import { nextPiece, PieceAhead } from './piece.ts'

const noted = (...texts: string[]): TrainingEvent[] =>
  texts.map((text) => readerNote(0, { code: 'step_likely', text }))

const readerOf = (...pieces: (Piece | Error)[]) => ({
  next: () => {
    const piece = pieces.shift()
    if (!piece || piece instanceof Error) return Promise.reject(piece ?? new Error('no more'))
    return Promise.resolve(piece)
  },
})

const piece = (cursor: string, events: TrainingEvent[], replace = false): Piece => {
  return { events, cursor, replace }
}

test('all news of a reader are one piece', async () => {
  const reader = readerOf(
    ...[piece('1', noted('row'), true), piece('2', noted('weights')), piece('2', [])],
  )
  const expected = { events: noted('row', 'weights'), cursor: '2', replace: true, isWhole: true }
  expect(await nextPiece(reader, '')).toEqual(expected)
})

test('a piece that replaces the history replaces the pieces before it', async () => {
  const reader = readerOf(piece('1', noted('old')), piece('2', noted('new'), true), piece('2', []))
  expect(await nextPiece(reader, '0')).toMatchObject({ events: noted('new'), replace: true })
})

test('what was read before an error is kept, and the first error is thrown', async () => {
  const reader = readerOf(piece('1', noted('row')), new Error('unreadable'))
  expect(await nextPiece(reader, '0')).toMatchObject({ cursor: '1', isWhole: false })
  await expect(nextPiece(readerOf(new Error('unreadable')), '0')).rejects.toThrow('unreadable')
})

test('a piece that is read ahead is given once, to its reader at its cursor', async () => {
  const [ahead, reader] = [new PieceAhead(), readerOf(piece('1', noted('a')), piece('1', []))]
  ahead.begin(reader, '0')
  expect(await ahead.take(reader, '0')).toMatchObject({ events: noted('a'), cursor: '1' })
  await expect(ahead.take(reader, '1')).rejects.toThrow('no more')
  ahead.begin(reader, '1')
  const other = readerOf(piece('2', noted('other')), piece('2', []))
  expect(await ahead.take(other, '1')).toMatchObject({ events: noted('other') })
})

test('if nothing new was read ahead, the files are read again', async () => {
  const [ahead, again] = [new PieceAhead(), [piece('1', noted('late')), piece('1', [])]]
  const reader = readerOf(piece('0', []), ...again)
  ahead.begin(reader, '0')
  expect(await ahead.take(reader, '0')).toMatchObject({ events: noted('late'), cursor: '1' })
})

test('an error in reading ahead is thrown to whoever takes the piece', async () => {
  const [ahead, reader] = [new PieceAhead(), readerOf(new Error('unreadable'))]
  ahead.begin(reader, '0')
  await expect(ahead.take(reader, '0')).rejects.toThrow('unreadable')
})
