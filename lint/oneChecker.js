/**
 * Makes TypeScript read each component as the virtual code that svelte-eslint-parser makes of it. All
 * components then share one type checker. Without it each component changes the program when it is
 * linted, and the checker of the new program resolves all types again. `=0` turns it off.
 *
 * The parser reads this variable when it is loaded, so eslint.config.js imports this file first.
 */
process.env.SVELTE_ESLINT_PARSER_EXPERIMENTAL_TS_SYS_HOOK ??= '1'
