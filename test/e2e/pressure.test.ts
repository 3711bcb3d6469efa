// The front door under pressure, in bounded counts: the descriptor limit, silent callers, forged
// registrations. The large counts are in test/faults/pressure.test.ts.
import test from 'node:test'
import { forgeries, fullHouse, silentCallers } from '../support/pressure.ts'
import { requires } from '../support/requires.ts'

test(
  'at the descriptor limit none of 100 visits is touched, and agents come in and come back',
  requires('prlimit'),
  () => fullHouse(384, 100),
)

test('silent callers leave a good visitor unharmed', () => silentCallers(300, 20))

test('no forged, replayed or borrowed proof is accepted', () => forgeries(102))
