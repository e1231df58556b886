import type { Page } from 'playwright-core'
import { getDocumentProxy, getResolvedPDFJS } from 'unpdf'

/** A text on paper, with its place from the left top (pt). */
interface PaperText {
  text: string
  x: number
  y: number
  width: number
}

/** One page of paper: its size and its texts (pt). */
export interface PaperPage {
  width: number
  height: number
  texts: PaperText[]
}

/** Prints a page as a person does, without backgrounds, and reads the PDF. */
export async function printed(page: Page): Promise<PaperPage[]> {
  const pdf = await page.pdf({ preferCSSPageSize: true })
  const document = await getDocumentProxy(new Uint8Array(pdf))
  const numbers = Array.from({ length: document.numPages }, (_, at) => at + 1)
  return Promise.all(
    numbers.map(async (number) => {
      const paper = await document.getPage(number)
      const { width, height } = paper.getViewport({ scale: 1 })
      const { items } = await paper.getTextContent()
      const texts = items.flatMap((item): PaperText[] => {
        if (!('str' in item) || item.str.trim() === '') return []
        const [, , , , x = NaN, y = NaN] = item.transform as number[]
        return [{ text: item.str, x, y: height - y, width: item.width }]
      })
      return { width, height, texts }
    }),
  )
}

/** The lines of a page: texts at one height, from left to right. */
export function linesOf({ texts }: PaperPage): string[] {
  const rows = new Map<number, PaperText[]>()
  for (const text of texts) {
    const y = Math.round(text.y)
    rows.set(y, [...(rows.get(y) ?? []), text])
  }
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([, row]) =>
      row
        .sort((a, b) => a.x - b.x)
        .map(({ text }) => text)
        .join(' '),
    )
}

/** The colours of a PDF, sorted. */
export async function coloursOf(pdf: Uint8Array): Promise<string[]> {
  const document = await getDocumentProxy(new Uint8Array(pdf))
  const { OPS } = await getResolvedPDFJS()
  const colouring: number[] = [OPS.setFillRGBColor, OPS.setStrokeRGBColor]
  const colours = new Set<string>()
  for (let number = 1; number <= document.numPages; number++) {
    const { fnArray, argsArray } = await (await document.getPage(number)).getOperatorList()
    for (const [at, operator] of fnArray.entries()) {
      if (colouring.includes(operator)) colours.add(JSON.stringify(argsArray[at]))
    }
  }
  return [...colours].sort()
}
