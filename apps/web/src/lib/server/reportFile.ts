import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { error, type RequestEvent } from '@sveltejs/kit'
import { BESTMARK_PAGES } from '$app/env/private'
import { selfContained } from './selfContained.ts'

const TYPES = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['md', 'text/markdown; charset=utf-8'],
  ['json', 'application/json; charset=utf-8'],
])
/** The built styles; a page names them relative to itself. */
const STYLE = /^(?:\.{1,2}\/|\/)*(_app\/immutable\/assets\/[\w.-]+\.css)$/

/** How a report is written other than as HTML. */
export interface ReportTexts {
  md: () => Promise<string>
  json: () => Promise<string>
}

/** A report as one file: its page without a link to anything, or a text. */
export async function reportFile(
  event: Pick<RequestEvent, 'fetch' | 'request'>,
  format: string,
  page: string,
  texts: ReportTexts,
): Promise<Response> {
  const type = TYPES.get(format)
  if (type === undefined) error(404, 'A report is report.html, report.md or report.json.')
  const body =
    format === 'html'
      ? await pageFile(event, page)
      : await (format === 'md' ? texts.md() : texts.json())
  const headers = {
    'content-type': type,
    'content-disposition': `attachment; filename="report.${format}"`,
  }
  return new Response(body, { headers })
}

async function pageFile(
  { fetch, request }: Pick<RequestEvent, 'fetch' | 'request'>,
  page: string,
): Promise<string> {
  const answer = await fetch(page, { headers: { host: request.headers.get('host') ?? '' } })
  if (!answer.ok) error(answer.status, 'The page of the report cannot be made.')
  return selfContained(await answer.text(), readStyle)
}

function readStyle(href: string): Promise<string> {
  const [, path] = STYLE.exec(href) ?? []
  if (path === undefined || BESTMARK_PAGES === undefined) {
    throw new Error(`The style ${href} is not one of the built pages.`)
  }
  return readFile(join(BESTMARK_PAGES, 'client', path), 'utf8')
}
