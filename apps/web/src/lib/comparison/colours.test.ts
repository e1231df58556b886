import { expect, test } from 'vitest'
import { LINE_COLOURS, lineStyle } from './colours.ts'

/** How eyes with all or two kinds of cones see a colour (Machado et al., 2009, severity 1). */
const SIGHTS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [
    0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998,
  ],
  deutan: [
    0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881,
  ],
  tritan: [
    1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039,
  ],
}
const GROUND = { light: '#fcfcfa', dark: '#161615' }
const BEST = { light: '#c77700', dark: '#f0a020' }

const linear = (hex: string) =>
  [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })

/** A linear colour in CIE 1976 L*a*b*. */
function lab([r = 0, g = 0, b = 0]: number[]): number[] {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047)
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b)
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

function seen(hex: string, sight: readonly number[]): number[] {
  const rgb = linear(hex)
  const row = (at: number) =>
    rgb.reduce((sum, part, column) => sum + part * (sight[3 * at + column] ?? 0), 0)
  return lab([0, 1, 2].map((at) => Math.min(1, Math.max(0, row(at)))))
}

const distance = (one: string, other: string, sight: readonly number[]) => {
  const [a, b] = [seen(one, sight), seen(other, sight)]
  return Math.hypot(...a.map((part, at) => part - (b[at] ?? 0)))
}

const light = (hex: string) => {
  const [r = 0, g = 0, b = 0] = linear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test.each(Object.entries(SIGHTS))(
  'six lines can be distinguished, and none is amber: %s',
  (_name, sight) => {
    for (const ground of ['light', 'dark'] as const) {
      const colours = LINE_COLOURS.map((colour) => colour[ground])
      colours.forEach((one, at) => {
        for (const other of colours.slice(at + 1)) {
          expect([one, other, distance(one, other, sight) >= 30]).toEqual([one, other, true])
        }
        expect([one, distance(one, BEST[ground], sight) >= 18]).toEqual([one, true])
      })
    }
  },
)

test('every line has enough contrast with its background', () => {
  for (const ground of ['light', 'dark'] as const) {
    for (const colour of LINE_COLOURS) {
      const [low = 0, high = 0] = [light(colour[ground]), light(GROUND[ground])].sort(
        (a, b) => a - b,
      )
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThanOrEqual(3)
    }
  }
})

test('fifty runs have fifty different lines', () => {
  const lines = Array.from({ length: 50 }, (_, at) => JSON.stringify(lineStyle(at)))
  expect(new Set(lines).size).toBe(50)
})
