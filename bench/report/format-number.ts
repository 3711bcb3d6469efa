// Figures as people read them: three significant digits, thousands apart.

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  if (size >= 1) return value.toFixed(2)
  return value === 0 ? '0' : value.toFixed(3)
}

/** Value and unit: "5.52 Gbit/s", "41,000/s". */
export function formatWithUnit(value: number, unit: string): string {
  return `${formatNumber(value)}${/^[/%]/.test(unit) ? '' : ' '}${unit}`
}
