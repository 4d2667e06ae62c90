import { expect, it } from 'vitest'
import { filledForm } from './form-answers'

it('shows the answers of a form as people read them, in its order', () => {
  const field = (name: string, kind: 'text' | 'choice' | 'yes_no', zh: string, choices: { value: string; zh: string; en: string }[] = []) => ({ name, kind, zh, en: name, choices })
  const fields = [field('product', 'text', '产品名称'), field('channel', 'choice', '购买渠道', [{ value: 'shop', zh: '门店', en: 'shop' }]), field('warranty', 'yes_no', '在保'), field('model', 'text', '型号')]
  const words = { t: (key: string) => (key === 'shared.yes' ? '是' : key), d: (moment: string) => moment }
  const found = filledForm({ former: 7, warranty: true, channel: 'shop', product: '热量表', model: null }, fields, words)
  expect(found.map(({ label, text }) => `${label} ${text}`)).toEqual(['产品名称 热量表', '购买渠道 门店', '在保 是', 'former 7'])
})
