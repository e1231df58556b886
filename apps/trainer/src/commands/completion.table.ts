import { command, one } from '../cli/command.ts'
import { SHELLS } from '../cli/shells.ts'

export const COMPLETION = command({
  name: 'completion',
  summary: 'Print a script that completes commands and options in your shell.',
  arguments: { SHELL: one(`your shell: ${SHELLS.join(', ')}`, { choices: SHELLS }) },
  options: {},
  examples: [
    { line: 'source <(bestmark completion bash)', text: 'For bash, in ~/.bashrc.' },
    { line: 'source <(bestmark completion zsh)', text: 'For zsh, in ~/.zshrc, after compinit.' },
    {
      line: 'bestmark completion fish > ~/.config/fish/completions/bestmark.fish',
      text: 'For fish, once.',
    },
  ],
})
