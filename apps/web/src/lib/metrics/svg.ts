import { ownValue, visible } from '@bestmark/core'
import { scaleLinear, scaleLog } from 'd3-scale'
import { positionText } from '../charts/axis.ts'
import { pathOf, type Continuous } from '../charts/cake.ts'
import type { Chart, Line } from '../charts/chart.ts'
import { tickPositions, ticksAcross, ticksUp } from '../charts/ticks.ts'
import { clippedWords } from '../charts/chartWords.ts'
import { shortTo } from '../figures.ts'

/** The colours of a drawing, as on the page. */
export interface Palette {
  ink: string
  grey: string
  faint: string
  line: string
  paper: string
  best: string
}

/** One chart of a drawing. */
export interface Titled {
  title: string
  chart: Chart
}

const SIZE = { width: 480, height: 260 }
const AIR = { top: 32, right: 16, bottom: 36, left: 64 }
const FONT = 'font-family="system-ui, sans-serif" font-size="12"'

/** Charts as one SVG file, side by side; it does not depend on the page. */
export function chartsSvg(charts: readonly Titled[], across: number, palette: Palette): string {
  const columns = Math.max(1, Math.min(across, charts.length))
  const rows = Math.max(1, Math.ceil(charts.length / columns))
  const [width, height] = [columns * SIZE.width, rows * SIZE.height]
  const drawn = charts.map((one, index) => {
    const [x, y] = [(index % columns) * SIZE.width, Math.floor(index / columns) * SIZE.height]
    return `<g transform="translate(${x + AIR.left} ${y + AIR.top})">${drawing(one, palette)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${FONT}><rect width="${width}" height="${height}" fill="${palette.paper}"/>${drawn.join('')}</svg>\n`
}

function drawing({ title, chart }: Titled, palette: Palette): string {
  const width = SIZE.width - AIR.left - AIR.right
  const height = SIZE.height - AIR.top - AIR.bottom
  const x = scaleLinear().domain(chart.x).range([0, width])
  const y = (chart.log ? scaleLog() : scaleLinear()).domain(chart.y).range([height, 0])
  const text = (at: string, words: string, anchor: string, colour = palette.grey) =>
    `<text ${at} text-anchor="${anchor}" fill="${colour}">${escaped(words)}</text>`
  const ups = ticksUp(y.ticks(4), shortTo, y).map(({ value, text: words }) => {
    const line = `<path d="M0 ${y(value)}h${width}" stroke="${palette.line}"/>`
    return line + text(`x="-8" y="${y(value) + 4}"`, words, 'end')
  })
  const positions = tickPositions(chart.axis, x, 4)
  const across = ticksAcross(positions, (position) => positionText(chart.axis, position), x).map(
    (tick) => {
      return text(`x="${x(tick.value)}" y="${height + 20}"`, tick.text, 'middle')
    },
  )
  const left = chart.clipped
    ? text(`x="${width}" y="${height - 6}"`, clippedWords(chart.clipped), 'end')
    : ''
  const lines = chart.lines.map((line) => lineOf(line, x, y, palette)).join('')
  const name = text('x="0" y="-12" font-weight="600"', title, 'start', palette.ink)
  const inside = `<svg width="${width}" height="${height}" overflow="hidden">${lines}</svg>`
  return [name, ...ups, ...across, inside, bestOf(chart, x, y, palette), left].join('')
}

function lineOf(line: Line, x: Continuous, y: Continuous, palette: Palette): string {
  const path = (runs: Line['segments'], stroke: string, width: number) =>
    runs.length === 0
      ? ''
      : `<path d="${pathOf(runs, x, y)}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`
  const dots = line.dots.map((dot) => {
    return `<circle cx="${x(dot.x)}" cy="${y(dot.y)}" r="2" fill="${palette.ink}"/>`
  })
  const main = line.kind === 'evaluation' ? palette.ink : palette.grey
  return [
    path(line.earlier, palette.line, 1.25),
    path(line.raw, palette.line, 1),
    path(line.segments, main, 1.5),
    ...dots,
  ].join('')
}

function bestOf({ best }: Chart, x: Continuous, y: Continuous, { best: colour }: Palette): string {
  if (!best || Number.isNaN(best.y)) return ''
  const [cx, cy] = [x(best.x), y(best.y)]
  return `<circle cx="${cx}" cy="${cy}" r="6" fill="none" stroke="${colour}" stroke-width="2.5"/>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' }

function escaped(text: string): string {
  return visible(text).replaceAll(/[&<"]/g, (one) => ownValue(ENTITIES, one) ?? one)
}
