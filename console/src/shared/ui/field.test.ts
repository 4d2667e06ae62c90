import { describe, expect, it } from 'vitest'
import { h } from 'vue'
import { mount } from '@vue/test-utils'
import UiField from './UiField.vue'

describe('a field', () => {
  it('counts its text near its end, and says when it is full', async () => {
    const field = mount(UiField, { props: { label: '标题' }, slots: { default: () => h('input', { maxlength: 200 }) } })
    await field.find('input').setValue('短')
    expect(field.find('[role=status]').exists()).toBe(false)
    await field.find('input').setValue('长'.repeat(160))
    expect([field.find('[role=status]').text(), field.find('.full').exists()]).toEqual(['160/200', false])
    await field.find('input').setValue('长'.repeat(200))
    expect([field.find('[role=status]').text(), field.find('.full').exists()]).toEqual(['200/200', true])
  })
})
