import { execFileSync, spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { command } from '../commands/testing.ts'
import { SHELLS, type Shell } from './shells.ts'

const scripts = new Map<Shell, string>()
beforeAll(async () => {
  for (const shell of SHELLS) scripts.set(shell, (await command(['completion', shell])).stdout)
})

/** Returns the words that a shell offers for the last word of a line. Waits for the `expected` ones. */
type Offers = (script: string, line: string, expected: readonly string[]) => string[]

const OFFERS: Record<Shell, Offers> = {
  bash: (script, line) => {
    const words = line.split(' ')
    const array = words.map((word) => `'${word}'`).join(' ')
    const ask = `compopt() { :; }; COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _bestmark`
    const all = `${script}\n${ask}; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', all], { encoding: 'utf8' }).split('\n')
  },
  zsh: (script, line, expected) => {
    const words = { SCRIPT: script, LINE: line, UNTIL: expected.join(' ') }
    const env = { ...process.env, ...words, TERM: 'dumb' }
    const shown = execFileSync('zsh', ['-f', '-c', ZSH_TYPIST], { encoding: 'utf8', env })
    return shown.split(/[\s\p{Cc}]+/u)
  },
  fish: (script, line) => {
    const ask = `${script}\ncomplete -C '${line}'`
    const lines = execFileSync('fish', ['--no-config', '-c', ask], { encoding: 'utf8' }).split('\n')
    return lines.map((offer) => offer.split('\t', 1)[0] ?? '')
  },
}

/** Types $LINE and a Tab into an interactive zsh. Prints its output once it has all words of $UNTIL. */
const ZSH_TYPIST = `
  zmodload zsh/zpty
  zpty shell zsh -fi
  zpty -w shell "PROMPT= RPROMPT=; stty -echo; autoload -Uz compinit; compinit -D"
  zpty -w shell "LISTMAX=1000; COLUMNS=200 LINES=400"
  zpty -w shell 'eval "$SCRIPT"; echo RE""ADY'
  zpty -r shell output '*READY*'
  zpty -w -n shell "$LINE"$'\t'
  missing=1
  while (( missing )); do
    zpty -rt shell part || sleep 0.05
    shown+=$part part=
    missing=0
    for word in \${=UNTIL}; do [[ $shown == *$word* ]] || missing=1; done
  done
  print -rn -- $shown
  zpty -d shell`

function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'exit']).status === 0
}

describe.each(SHELLS)('%s', (shell) => {
  const offers = (line: string, expected: readonly string[]): string[] =>
    OFFERS[shell](scripts.get(shell) ?? '', line, expected)

  // Skipped where the shell is not installed.
  test.skipIf(!isInstalled(shell))('completes commands, options and their values', () => {
    for (const [line, words] of [
      ['bestmark ', ['watch', 'pick', 'jobs']],
      ['bestmark pick --', ['--policy', '--json', '--help']],
      ['bestmark pick --policy ', ['as_declared', 'scored']],
      ['bestmark completion ', SHELLS],
    ] as const) {
      expect(offers(line, words)).toEqual(expect.arrayContaining([...words]))
    }
    expect(offers('bestmark pick --', ['--help'])).not.toContain('--keep-best')
  })
})
