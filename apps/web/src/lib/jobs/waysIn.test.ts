import { expect, test } from 'vitest'
import { waysIn } from './waysIn.ts'

test('the commands for an empty board have the paths of this machine, quoted for a shell', () => {
  const blocks = waysIn({ code: '/opt/bestmark/', home: '' }).map((way) => way.blocks)
  expect(blocks.map(([first]) => first)).toEqual([
    '/opt/bestmark/bestmark run -- python train.py',
    '/opt/bestmark/bestmark watch path/to/output',
    '/opt/bestmark/bestmark import path/to/output',
    'pip install /opt/bestmark/clients/python',
  ])
  const [spaced] = waysIn({ code: "/home/o'neil b/", home: '/data/b' })
  expect(spaced?.blocks[0]).toBe(
    String.raw`BESTMARK_HOME=/data/b '/home/o'\''neil b/bestmark' run -- python train.py`,
  )
})
