// What a stack costs, from a table with a date: an estimate to decide by, not a bill.
import type { Settings } from './settings.ts'

/** AWS's list prices in US dollars, us-east-1, on demand, as published on this day; other regions
 * are up to about a third dearer. docs/aws.md names the pages. */
export const pricesAsOf = '2026-11-20'

const hourly: Readonly<Record<string, number>> = {
  't4g.nano': 0.0042,
  't4g.micro': 0.0084,
  't4g.small': 0.0168,
  't3a.nano': 0.0047,
  't3.nano': 0.0052,
  't3.micro': 0.0104,
  't3.small': 0.0208,
  't2.nano': 0.0058,
  't2.micro': 0.0116,
}

/** Every public IPv4 address, in use or idle. */
const addressHourly = 0.005
/** gp3, per GB and month; the root disk has 8 GB. */
const diskMonthly = 8 * 0.08
/** AWS's own month for such sums: 365 / 12 days. */
const hoursPerMonth = 730

export interface Cost {
  readonly hourly: number
  readonly monthly: number
}

/** Undefined for a type that the table does not have. */
export function costOf(instanceType: string): Cost | undefined {
  const machine = Object.hasOwn(hourly, instanceType) ? hourly[instanceType] : undefined
  if (machine === undefined) return undefined
  const perHour = machine + addressHourly + diskMonthly / hoursPerMonth
  return { hourly: perHour, monthly: perHour * hoursPerMonth }
}

export function describeCost(settings: Pick<Settings, 'region'>, instanceType: string): string {
  const cost = costOf(instanceType)
  const traffic = 'plus $0.09 for each GB sent beyond 100 GB a month'
  if (cost === undefined) {
    const address = (addressHourly * hoursPerMonth).toFixed(2)
    return `${instanceType} is not in the price table of ${pricesAsOf}; its public address alone costs about $${address} a month, ${traffic}`
  }
  const where =
    settings.region === 'us-east-1' ? '' : `; ${settings.region} may cost up to a third more`
  return `about $${cost.hourly.toFixed(4)} an hour, $${cost.monthly.toFixed(2)} a month (${instanceType}, public IPv4, 8 GB disk; us-east-1 list prices of ${pricesAsOf}${where}), ${traffic}`
}
