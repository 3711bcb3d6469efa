// The front door under pressure, in bounded counts: the descriptor limit, silent callers, forged
// registrations. The large counts are in test/faults/pressure.test.ts.
import test from 'node:test'
import { forgeries, fullHouse, silentCallers } from '../support/pressure.ts'
import { requires } from '../support/requires.ts'

test(
  'at the descriptor limit no visit is touched and an agent still comes in',
  requires('prlimit'),
  () => fullHouse(256),
)

test('silent callers leave a good visitor unharmed', () => silentCallers(300, 20))

test('no forged, replayed or borrowed proof is accepted', () => forgeries(102))
