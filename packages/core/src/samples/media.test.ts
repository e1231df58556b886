import { expect, test } from 'vitest'
import { mediaOf } from './media.ts'

const bytes = (...parts: (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string' ? Array.from(part, (letter) => letter.charCodeAt(0)) : part,
    ),
  )

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const IEND = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]

test.each([
  ['image/png', bytes(PNG, 'pixels', IEND), true],
  ['image/png', bytes(PNG, 'pixels', IEND, 'bytes after the end'), true],
  ['image/png', bytes(PNG, 'pixels'), false],
  ['image/png', bytes(PNG, IEND, 'x'.repeat(1_016)), true],
  ['image/png', bytes(PNG, IEND, 'x'.repeat(1_017)), false],
  ['image/jpeg', bytes([0xff, 0xd8, 0xff, 0xe0], 'pixels', [0xff, 0xd9]), true],
  ['image/jpeg', bytes([0xff, 0xd8, 0xff, 0xe0], 'pixels'), false],
  ['image/gif', bytes('GIF89a', [0x3b]), true],
  ['image/gif', bytes('GIF89a'), false],
  ['image/webp', bytes('RIFF', [4, 0, 0, 0], 'WEBP'), true],
  ['image/webp', bytes('RIFF', [5, 0, 0, 0], 'WEBP'), false],
  ['audio/wav', bytes('RIFF', [4, 0, 0, 0], 'WAVE'), true],
  ['audio/wav', bytes('RIFF', [255, 255, 255, 255], 'WAVE'), false],
  ['audio/ogg', bytes('OggS'), true],
  ['audio/flac', bytes('fLaC'), true],
  ['audio/mpeg', bytes('ID3'), true],
  ['audio/mpeg', bytes([0xff, 0xfb, 0x90, 0x64]), true],
])('%s is recognised by its bytes, and a missing end is noticed', (media_type, file, isWhole) => {
  expect(mediaOf(file)).toEqual({ kind: media_type.split('/')[0], media_type, isWhole })
})

test.each([
  ['SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
  ['HTML', bytes('<!doctype html><script>alert(1)</script>')],
  ['PDF', bytes('%PDF-1.7')],
  ['text in UTF-16', bytes([0xff, 0xfe, 0x41, 0x00])],
  ['another RIFF', bytes('RIFF', [4, 0, 0, 0], 'AVI ')],
  ['the beginning of a RIFF', bytes('RIFF', [4])],
  ['bytes that are an MPEG frame except for the first', bytes([0x00, 0xfb, 0x90, 0x64])],
  ['an MPEG frame whose bit rate does not exist', bytes([0xff, 0xfb, 0xf0, 0x64])],
  ['an MPEG frame whose sampling rate does not exist', bytes([0xff, 0xfb, 0x9c, 0x64])],
  ['an MPEG frame whose version does not exist', bytes([0xff, 0xeb, 0x90, 0x64])],
  ['one byte', bytes([0xff])],
  ['nothing', bytes()],
])('%s is no image and no sound', (_name, file) => {
  expect(mediaOf(file)).toBeUndefined()
})
