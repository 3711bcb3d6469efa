// `--origin-timeout`: an origin that owes an answer and sends nothing for too long has failed.
import type { SallyportError } from '@sallyport/protocol'
import type { EdgeSetup } from './edge-setup.ts'
import { failure } from './failure.ts'
import { SilenceTimer } from './silence-timer.ts'

/** `isExcused`: the visitor keeps the origin waiting. */
export function createOriginSilence(
  { clock, policy }: EdgeSetup,
  isExcused: () => boolean,
  fail: (error: SallyportError) => void,
): SilenceTimer {
  return new SilenceTimer({
    clock,
    silenceMs: policy.originTimeoutMs,
    isExcused,
    onSilence: () => fail(failure('SP_ORIGIN_TIMEOUT', 'the origin sent nothing for too long')),
  })
}
