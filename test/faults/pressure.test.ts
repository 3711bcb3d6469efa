// The front door under pressure, in full counts (bounded ones are in test/e2e/pressure.test.ts).
import test from 'node:test'
import { forgeries, fullHouse, silentCallers } from '../support/pressure.ts'
import { requires } from '../support/requires.ts'

test(
  'at 1,024 descriptors and 2,000 callers none of 400 visits is touched, and agents come back',
  requires('prlimit'),
  () => fullHouse(1_024, 400),
)

test('4,000 silent callers leave a good visitor unharmed', () => silentCallers(4_000, 200))

test('of 100,000 forged, replayed or borrowed proofs none is accepted', () => forgeries(100_002))
