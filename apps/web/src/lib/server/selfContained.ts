/** The report runs no script and sends no request, with any names in a run. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'"

const STYLESHEET = /<link\b[^>]*\brel="stylesheet"[^>]*>/g
const LINK = /<link\b[^>]*>/g
const SCRIPT = /<script\b[\s\S]*?<\/script>/g
/** Links to the board do not work in a file. */
const ON_SCREEN = /<a\b[^>]*\bclass="screen\b[^>]*>[\s\S]*?<\/a>/g
const HREF = /\bhref="([^"]+)"/

/**
 * Makes one file of a page without scripts: it inlines the styles and fetches nothing else. `read`
 * returns the file at an address of the page. Throws if a style needs another file.
 */
export async function selfContained(
  html: string,
  read: (href: string) => Promise<string>,
): Promise<string> {
  const styles: string[] = []
  for (const [link] of html.matchAll(STYLESHEET)) {
    const href = HREF.exec(link)?.[1]
    if (href !== undefined) styles.push(styleOf(href, await read(href)))
  }
  const bare = [SCRIPT, LINK, ON_SCREEN].reduce((text, what) => text.replace(what, ''), html)
  const policy = `<meta http-equiv="content-security-policy" content="${POLICY}" />`
  const head = `${policy}\n<style>\n${styles.join('\n')}\n</style>\n</head>`
  // A function, since a style may contain replacement patterns such as $&.
  return bare.replace('</head>', () => head)
}

function styleOf(href: string, css: string): string {
  const outside = /url\(\s*['"]?(?!data:|#)([^)'"]*)/.exec(css)?.[1]
  if (outside === undefined) return css.replaceAll('</', '<\\/')
  throw new Error(`The page's style ${href} needs ${outside}, so it cannot be one file.`)
}
