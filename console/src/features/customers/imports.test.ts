import { flushPromises } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { serve, show } from '@/shared/testing/service'
import ImportCard from './components/ImportCard.vue'
import { errorsAsCsv, runs } from './imports'

it('writes errors for a spreadsheet, quotes doubled', () => {
  const errors = [{ row: 2, column: '姓名', rule: 'must not be "x"' }]
  expect(errorsAsCsv(errors, ['行', '列', '规则'])).toBe('\uFEFF"行","列","规则"\r\n"2","姓名","must not be ""x"""\r\n')
})

it('watches an import while it is read or applied', () => {
  expect((['reading', 'ready', 'applying', 'applied', 'cancelled'] as const).filter(runs)).toEqual(['reading', 'applying'])
})

it('names the columns of errors as files do', async () => {
  serve({})
  const errors = [{ row: 2, column: '等级', rule: '应为以下之一：A、B' }, { row: 3, column: 'account_number', rule: '户号重复' }]
  const page = show(ImportCard, { found: { id: 'import-1', status: 'refused', rows: 2, creates: 0, updates: 0, error_count: 2, errors } })
  await flushPromises()
  expect(page.findAll('.errors tbody tr').map((one) => one.findAll('td')[1]?.text())).toEqual(['等级', '户号 (account_number)'])
  page.unmount()
})
