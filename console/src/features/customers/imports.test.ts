import { expect, it } from 'vitest'
import { errorsAsCsv, runs } from './imports'

it('writes errors for a spreadsheet, quotes doubled', () => {
  const errors = [{ row: 2, column: '姓名', rule: 'must not be "x"' }]
  expect(errorsAsCsv(errors, ['行', '列', '规则'])).toBe('\uFEFF"行","列","规则"\r\n"2","姓名","must not be ""x"""\r\n')
})

it('watches an import while it is read or applied', () => {
  expect((['reading', 'ready', 'applying', 'applied', 'cancelled'] as const).filter(runs)).toEqual(['reading', 'applying'])
})
