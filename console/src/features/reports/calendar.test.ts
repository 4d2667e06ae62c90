import { flushPromises } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import { ApiProblem } from '@/shared/api/problems'
import { speak } from '@/shared/i18n/i18n'
import { useSession } from '@/shared/session/session'
import { serve, show } from '@/shared/testing/service'
import PlanForm from './components/PlanForm.vue'
import ReportCalendarPage from './pages/ReportCalendarPage.vue'
import { emptyPlan } from './plans'

beforeAll(() => speak('zh-CN'))

const plan = { ...emptyPlan('zh'), id: 'p', name: '月报', mailboxes: ['a@example.org'], next_due: null, can_be_mailed: false, runs: [] }

describe('the page of scheduled reports', () => {
  it('says who creates them, and that no mail can go out', async () => {
    serve({ 'GET /report-plans': [] })
    useSession().who = { role: 'supervisor' } as ReturnType<typeof useSession>['who']
    const empty = show(ReportCalendarPage)
    await flushPromises()
    expect(empty.find('.empty').text()).toContain('由系统管理员新建')
    empty.unmount()
  })

  it('warns while there is no gateway', async () => {
    serve({ 'GET /report-plans': [plan] })
    const page = show(ReportCalendarPage)
    await flushPromises()
    expect(page.find('[role=alert]').text()).toContain('尚未配置邮件网关')
    page.unmount()
  })
})

describe('the form of a plan', () => {
  it('says each refusal at its own field', () => {
    serve({})
    const refused = new ApiProblem(422, 'invalid', '填写的内容有误。', [{ field: 'subjects', code: 'too_short', parameters: {}, rule: '至少 1 项' }, { field: 'mailboxes.0', code: 'mailbox', parameters: {}, rule: '应为邮箱，如 duty@example.org' }])
    const form = show(PlanForm, { plan: emptyPlan('zh'), refused, busy: false })
    expect(form.find('fieldset').text()).toContain('至少 1 项')
    expect(form.find('fieldset').text()).not.toContain('启用')
    expect(form.find('.field-error').text()).toBe('应为邮箱，如 duty@example.org')
    form.unmount()
  })

  it('offers every part of a report, the usual ones chosen', async () => {
    serve({})
    const form = show(PlanForm, { plan: emptyPlan('zh'), refused: null, busy: false })
    const parts = form.findAll('fieldset label')
    expect(parts.map((one) => one.text())).toEqual(['通话', '坐席', '班组', '班表遵守', '工单', '流程', '业务渠道矩阵', '预约回拨', '漏接挽回'])
    expect(parts.filter((one) => (one.find('input').element as HTMLInputElement).checked).map((one) => one.text())).toEqual(['通话', '坐席', '工单'])
    form.unmount()
  })
})
