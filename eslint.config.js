import './lint/oneChecker.js'
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import { namedRecords } from './lint/namedRecords.js'
import { readSentences } from './lint/readSentences.js'

export default ts.config(
  {
    ignores: [
      '**/build/',
      '**/.svelte-kit/',
      '**/node_modules/',
      '**/.stryker/',
      '.bestmark/',
      '*.config.js',
      '.dependency-cruiser.js',
      '.ci/*.mjs',
      'lint/',
    ],
  },
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.node, ...globals.browser },
      parserOptions: {
        projectService: true,
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: {
      bestmark: { rules: { 'named-records': namedRecords, 'read-sentences': readSentences } },
    },
    rules: {
      'bestmark/named-records': 'error',
      'bestmark/read-sentences': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['apps/web/src/**'],
    rules: {
      // A page that drops an error shows what is no longer true.
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      'no-restricted-imports': [
        'error',
        { name: '@bestmark/db', message: 'Pages reach the database through the API.' },
      ],
    },
  },
  {
    files: ['apps/trainer/src/**'],
    // What other programs print is shown as it is.
    ignores: ['**/terminal.ts', '**/run/program.ts', '**/up/build.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.object.name="process"][property.name="write"]',
          message:
            'Text from a run may hold what a terminal acts on; print it through terminal.ts.',
        },
      ],
    },
  },
  {
    // Whoever writes to a run's folder may leave a pipe there under any name.
    files: ['apps/trainer/src/**'],
    ignores: [
      '**/files/runFile.ts',
      '**/*.test.ts',
      '**/*[tT]esting.ts',
      // These open what a person names, or what only this program writes.
      '**/commands/score/score.ts',
      '**/commands/eval/evalCommand.ts',
      '**/processes/**',
      '**/commands/run/fileRestorer.ts',
      '**/shipping/current.ts',
      '**/sources/stored/runCopy.ts',
      '**/shipping/manifest.ts',
      '**/recording/released/**',
      '**/recipes/**',
      '**/up/**',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        ...['node:fs', 'node:fs/promises'].map((name) => ({
          name,
          importNames: ['createReadStream', 'open', 'openSync', 'readFile', 'readFileSync'],
          message:
            'Files of a run are opened by files/runFile.ts alone, which never waits for a pipe.',
        })),
      ],
    },
  },
  {
    // The tensors of the built-in model have names of its own.
    files: ['packages/char-lm/src/**'],
    rules: { 'bestmark/named-records': 'off', 'bestmark/read-sentences': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/testing.ts', '**/e2e/**'],
    rules: {
      'bestmark/named-records': 'off',
      'bestmark/read-sentences': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'max-lines-per-function': 'off',
    },
  },
)
