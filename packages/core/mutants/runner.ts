/**
 * A test runner for StrykerJS that loads the core's tests once and calls them again for each mutant.
 * Stryker's own runner for Vitest loads them again for each mutant, which takes many hours.
 */
import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { dirname, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MutantCoverage } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  determineHitLimitReached,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'

export { expect } from 'vitest'

/** Many draws of one rule take longer than all other tests together. Few draws are tested, too. */
const LEFT_OUT = ['a choice among a million checkpoints', 'an interval over %i groups contains']

/** Where mutated code counts which mutants a test reaches. Only the dry run needs it, and it is slow. */
const COUNTING = 'var c = cov.static;'
const COUNTING_IN_DRY_RUN = `if (ns.activeMutant !== undefined) return; ${COUNTING}`

/** Modules of another generation are loaded again, for mutants of code that runs on import. */
let generation = 0

registerHooks({
  resolve: (name, context, next) => {
    if (name === 'vitest' && context.parentURL?.includes('.test.ts')) {
      return { url: import.meta.url, shortCircuit: true }
    }
    const found = next(name, context)
    const isReloaded = found.url.includes('/src/') && !found.url.includes('/node_modules/')
    return isReloaded ? { ...found, url: `${found.url.split('?')[0]}?${generation}` } : found
  },
  load: (url, context, next) => {
    const module = next(url, context)
    if (!url.includes('/src/')) return module
    const { source = '' } = module
    const code = typeof source === 'string' ? source : new TextDecoder().decode(source)
    return { ...module, source: code.replace(COUNTING, COUNTING_IN_DRY_RUN) }
  },
})

/** What mutated code reads and counts. */
interface Mutated {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: MutantCoverage
  hitCount?: number
  hitLimit?: number | undefined
}
const mutated: Mutated = ((globalThis as { __stryker__?: Mutated }).__stryker__ ??= {})

interface Test {
  readonly file: string
  readonly name: string
  readonly run: () => void
  /** How long it took the last time (ms). */
  took: number
}
let tests: Test[] = []
let file = ''

/** Replaces `test` of Vitest. The core's tests use only this part of it. */
export function test(name: string, run: () => void): void {
  if (!LEFT_OUT.some((start) => name.startsWith(start))) tests.push({ file, name, run, took: 0 })
}

test.each = (rows: readonly unknown[]) => {
  return (name: string, run: (...row: unknown[]) => void): void => {
    for (const [index, row] of rows.entries()) {
      test(`${name} (row ${index + 1})`, () =>
        run(...(Array.isArray(row) ? (row as unknown[]) : [row])))
    }
  }
}

class SameProcess implements TestRunner {
  private tests: Test[] | undefined
  private isFresh = true

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true }
  }

  async dryRun(): Promise<DryRunResult> {
    const results = (await this.all()).map(resultOf)
    const mutantCoverage = mutated.mutantCoverage ?? { static: {}, perTest: {} }
    return { status: DryRunStatus.Complete, tests: results, mutantCoverage }
  }

  async mutantRun(run: MutantRunOptions): Promise<MutantRunResult> {
    const all = await this.all()
    mutated.activeMutant = run.activeMutant.id
    mutated.hitCount = 0
    mutated.hitLimit = run.hitLimit
    const ids = new Set(run.testFilter)
    const results =
      run.mutantActivation === 'static'
        ? await resultsOnImport(dirname(relative('.', run.sandboxFileName)))
        : this.resultsOf(all.filter((one) => ids.has(idOf(one))))
    mutated.activeMutant = undefined
    const outOfBounds = determineHitLimitReached(mutated.hitCount, run.hitLimit)
    return toMutantRunResult(outOfBounds ?? { status: DryRunStatus.Complete, tests: results })
  }

  /** Up to the first that fails, the fastest first. Throws if it also fails without the mutant. */
  private resultsOf(some: readonly Test[]): TestResult[] {
    const results: TestResult[] = []
    for (const one of some.toSorted((a, b) => a.took - b.took)) {
      results.push(resultOf(one))
      if (results.at(-1)?.status === TestStatus.Failed) {
        mutated.activeMutant = undefined
        if (!this.isFresh) checkWithoutMutant(one)
        break
      }
    }
    this.isFresh = false
    return results
  }

  private async all(): Promise<Test[]> {
    if (!this.tests) {
      for (const path of testFiles()) await load(path)
      this.tests = tests
    }
    return this.tests
  }
}

function testFiles(): string[] {
  return globSync('src/**/*.test.ts').sort()
}

/** Loads a test file, which adds its tests to `tests`. */
async function load(path: string): Promise<void> {
  file = path
  await import(pathToFileURL(resolve(path)).href)
}

/** A new generation of each test file, those of the mutant's folder first, up to a failure. */
async function resultsOnImport(folder: string): Promise<TestResult[]> {
  generation++
  const isNear = (path: string): number => Number(dirname(path) === folder)
  for (const path of testFiles().sort((a, b) => isNear(b) - isNear(a))) {
    tests = []
    const failure = await importFailure(path)
    const results = failure ? [failure] : tests.map(resultOf)
    const failed = results.find(({ status }) => status === TestStatus.Failed)
    if (failed) return [failed]
  }
  return []
}

/** A mutant may break the import itself. */
async function importFailure(path: string): Promise<TestResult | undefined> {
  try {
    await load(path)
    return undefined
  } catch (error) {
    const failed = { status: TestStatus.Failed, failureMessage: String(error) } as const
    return { id: path, name: path, timeSpentMs: 0, ...failed }
  }
}

/** An earlier mutant may have changed data of the tests. Stryker tries again in a new process. */
function checkWithoutMutant(one: Test): void {
  const failure = failureOf(one.run)
  if (failure) throw new Error(`"${one.name}" also fails without the mutant: ${failure}`)
}

function idOf({ file, name }: Test): string {
  return `${file}#${name}`
}

function resultOf(one: Test): TestResult {
  const id = idOf(one)
  mutated.currentTestId = id
  const start = performance.now()
  const failureMessage = failureOf(one.run)
  one.took = performance.now() - start
  mutated.currentTestId = undefined
  const named = { id, name: one.name, fileName: resolve(one.file), timeSpentMs: one.took }
  return failureMessage === undefined
    ? { ...named, status: TestStatus.Success }
    : { ...named, status: TestStatus.Failed, failureMessage }
}

/** The message of what a test throws; undefined if it passes. */
function failureOf(run: () => void): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'same-process', SameProcess),
]
