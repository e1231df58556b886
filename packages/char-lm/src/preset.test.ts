import { expect, test } from 'vitest'
import { CHAR_LM } from './recipe.ts'
import { findPreset, PRESETS } from './preset.ts'

test('the recipe names every preset', () => {
  expect(CHAR_LM.presets).toEqual(Object.keys(PRESETS))
})

test('every preset saves at its last step, and saves at least five times', () => {
  for (const { max_steps, save_steps } of Object.values(PRESETS)) {
    expect(max_steps % save_steps).toBe(0)
    expect(max_steps / save_steps).toBeGreaterThanOrEqual(5)
  }
})

test('the error for an unknown preset names every preset', () => {
  expect(() => findPreset('huge')).toThrow(`Available: ${Object.keys(PRESETS).join(', ')}.`)
})
