import assert from 'node:assert/strict'
import test from 'node:test'
import { costOf, describeCost } from './cost.ts'

test('cost: machine, address and disk make the month', () => {
  const cost = costOf('t4g.nano')
  assert.equal(cost?.monthly.toFixed(2), '7.36')
  assert.equal(cost?.hourly.toFixed(4), '0.0101')
})

test('cost: the table’s day and region are told', () => {
  assert.match(
    describeCost({ region: 'eu-central-1' }, 't4g.nano'),
    /us-east-1 list prices of \d{4}-\d\d-\d\d; eu-central-1 may cost/,
  )
})

test('cost: a type that is not in the table is not priced by guess', () => {
  assert.match(
    describeCost({ region: 'us-east-1' }, 'x9.huge'),
    /x9.huge is not in the price table/,
  )
})
