import { TRPCError } from '@trpc/server'
import { expect, test, vi } from 'vitest'
import { describeError } from './errors.ts'

function refused(code: string): TRPCError {
  const cause = Object.assign(new Error(`connect ${code}`), { code })
  return new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause })
}

test('an invalid request keeps its message', () => {
  const unknown = new TRPCError({ code: 'NOT_FOUND', message: 'There is no job 7 on this board.' })
  expect(describeError(unknown)).toEqual({
    status: 404,
    message: 'There is no job 7 on this board.',
  })
})

test('a database that cannot be reached is reported as such, once', () => {
  const print = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(describeError(refused('ECONNREFUSED')).status).toBe(503)
  expect(describeError(refused('ECONNREFUSED')).status).toBe(503)
  expect(print.mock.calls).toEqual([['connect ECONNREFUSED\n']])
  print.mockRestore()
})

test('an internal error is printed, and not shown to the reader', () => {
  const print = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(describeError(new Error('secret detail'))).toEqual({
    status: 500,
    message: 'Bestmark has an internal error. Its log has the details.',
  })
  expect(print.mock.calls.join('')).toContain('secret detail')
  print.mockRestore()
})
