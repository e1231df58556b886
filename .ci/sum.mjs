import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// Sums the JSON reports of all packages into the closing line; fails where nothing ran or any failed.
// The failures stand just above that line, since a log may keep only its end.
const [folder] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []

function told(title, message) {
  const lines = (message ?? '').split('\n').slice(0, 30)
  return [`FAILED ${title}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  total.passed += report.numPassedTests
  // A file that could not be loaded fails without a test of its own.
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  total.failed += report.numFailedTests + unloaded.length
  total.skipped += report.numPendingTests + report.numTodoTests
  failures.push(...unloaded.map((file) => told(file.name, file.message)))
  for (const file of report.testResults)
    for (const test of file.assertionResults.filter((each) => each.status === 'failed'))
      failures.push(told(`${file.name}: ${test.fullName}`, test.failureMessages?.join('\n')))
}
for (const failure of failures) process.stdout.write(`${failure}\n`)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
process.stdout.write(`tests: ${total.passed} passed, ${total.failed} failed${skipped}\n`)
process.exitCode = total.passed > 0 && total.failed === 0 ? 0 : 1
