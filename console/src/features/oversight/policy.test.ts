import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import PolicyTrial from './components/PolicyTrial.vue'
import { differences } from './oversight'
import type { Policy } from './queries'
import './words/words'

const policy = (resolve_minutes: number) => ({ rules: [{ respond_minutes: 60, resolve_minutes }], warning_percent: 80, again_percent: 50, after_visit_minutes: 60, ladder: [] }) as unknown as Policy
const version = (number: number, minutes: number, in_force: boolean) => ({ version: number, in_force, policy: policy(minutes), effective_from: number ? '2026-11-01T00:00:00Z' : null, reaches_open: false, note: number ? '试行' : '', changed_by: '陈', changed_at: null })

describe('the page of the deadlines', () => {
  it('names what a version changed, rule by rule', () => {
    expect(differences(policy(480), policy(240), () => '所有')).toEqual([{ of: '所有', field: 'resolve_minutes', before: '480', after: '240' }])
    expect(differences(policy(480), { ...policy(480), warning_percent: 70 }, () => '')).toEqual([{ of: '', field: 'warning_percent', before: '80', after: '70' }])
  })

  it('puts changed rules in force with a reason, and says a refused field where it stands', async () => {
    const refused = { type: 'https://hotline.example/problems/invalid', title: '输入有误', status: 422, detail: '输入有误', errors: [{ field: 'policy.rules.0.resolve_minutes', rule: '应不小于签收时限' }] }
    const asked = serve({ 'GET /service-levels/policies': [version(1, 480, true), version(0, 240, false)], 'POST /service-levels/policies': refused })
    useSession().who = { role: 'administrator' } as never
    const page = show(PolicyTrial)
    await flushPromises()
    await page.findAll('input.minutes')[1]?.setValue('30')
    await page.find('.force input').setValue('夜间加派人手')
    await page.find('form.force').trigger('submit')
    await flushPromises()
    expect(asked.find((one) => one.method === 'POST')?.body).toEqual({ policy: policy(30), version: 1, note: '夜间加派人手', reaches_open: false })
    expect(page.find('td .problem').text()).toBe('应不小于签收时限')
    expect(page.findAll<HTMLInputElement>('input.minutes')[1]?.element.value).toBe('30')
    page.unmount()
  })

  it('takes a former version up as a new one', async () => {
    const asked = serve({ 'GET /service-levels/policies': [version(1, 480, true), version(0, 240, false)], 'POST /service-levels/policies': version(2, 240, true) })
    useSession().who = { role: 'administrator' } as never
    const page = show(PolicyTrial)
    await flushPromises()
    await page.findAll('ol .open')[1]?.trigger('click')
    await page.findAll('ol button').find((one) => one.text() === '恢复此版本')?.trigger('click')
    await page.find('form.force').trigger('submit')
    await flushPromises()
    expect(asked.find((one) => one.method === 'POST')?.body).toEqual({ policy: policy(240), version: 1, note: '恢复此版本: 0', reaches_open: false })
    page.unmount()
  })
})
