const NOT_TYPED = ['checkbox', 'radio', 'button', 'submit', 'reset', 'range', 'color', 'file']
  .map((type) => `[type=${type}]`)
  .join(', ')

/** Whether a key goes into a field, so that it is no key of the page; a box takes no letters. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  return target.matches('input, textarea, select') && !target.matches(NOT_TYPED)
}
