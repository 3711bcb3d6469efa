// Text that came from the other end, made fit for a terminal and a log.
import { maxNoticeChars } from './limits.ts'

/** Controls, format characters (bidi, zero width) and line ends would act on a terminal. */
export function oneLine(text: string, maxChars = maxNoticeChars): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, maxChars)
    .toWellFormed()
}
