import { parse } from 'svelte/compiler'
import { expect, test } from 'vitest'
import { withVisibleText } from '../../visibleText.ts'

test('every text and every readable attribute is escaped, and nothing else', () => {
  const source = `<script lang="ts">
  let { name, more }: { name: string; more: string[] } = $props()
</script>
<svelte:head><title>{name}: report</title></svelte:head>
{#if name}<a href={name} title="to {name}" class={name}>{name.trim()}</a>{:else}<b>{more[0]}</b>{/if}
{#each more as one (one)}<i aria-label={one} onclick={() => one}>{one} {1}</i>{/each}
{#await more then { length }}{length}{:catch error}{error}{/await}
<Child label={name} {name}>{#snippet x()}{name}{/snippet}</Child>`
  const seen = withVisibleText(source)
  expect(seen.match(/_seen\([^)]*\)+/g)).toEqual([
    ...['_seen(name)', '_seen(name)', '_seen(name.trim())', '_seen(more[0])', '_seen(one)'],
    ...['_seen(one)', '_seen(length)', '_seen(error)', '_seen(name)', '_seen(name)'],
  ])
  expect(seen).toContain('<a href={name}')
  expect(seen).toContain('class={name}')
  expect(() => parse(seen, { modern: true })).not.toThrow()
  expect(withVisibleText('<p>plain</p>')).toBe('<p>plain</p>')
  expect(withVisibleText('<p title={$page.x}>{1}</p>')).toMatch(/^<script lang="ts">import .*_seen/)
})
