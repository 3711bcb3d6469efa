// How V8 is to run a program that carries many visitors: for v8.setFlagsFromString, before anything else.
// Only the programs set them; who embeds the agent has settings of their own.

/** What each gives was measured: docs/adr/0006. */
export const engineFlags: readonly string[] = [
  // A young generation that stays small. Left to itself it grows to 64 MiB under a burst of visitors and
  // keeps them; what lives longer than a moment here is a visitor, and old at once.
  '--semi-space-growth-factor=1',
  // What runs often is compiled once and for good, after 400 calls, not first by halves and again after
  // 3,000: the first thousands of visitors cost nearly a third less, and tens of MiB less stay resident.
  '--no-maglev',
  '--invocation-count-for-turbofan=400',
]
