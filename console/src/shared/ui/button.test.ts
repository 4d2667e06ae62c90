import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { useToasts } from './toasts'
import UiButton from './UiButton.vue'

describe('a button', () => {
  it('that cannot be pressed says why: to a mouse, to a screen reader, and when it is pressed', async () => {
    const button = mount(UiButton, { props: { blocked: '先选择部门', title: '派单' }, slots: { default: '派单' }, attachTo: document.body })
    expect(button.attributes()).toMatchObject({ title: '先选择部门', 'aria-disabled': 'true' })
    expect(button.attributes(), 'it can have the focus').not.toHaveProperty('disabled')

    await button.trigger('click')
    expect(button.emitted('click')).toBeUndefined()
    expect(useToasts().shown.map((one) => one.text)).toEqual(['先选择部门'])
  })

  it('that is blocked or busy sends no form', async () => {
    for (const props of [{ blocked: '还没有改动' }, { busy: true }]) {
      const button = mount(UiButton, { props: { ...props, type: 'submit' as const }, attachTo: document.body })
      const click = new MouseEvent('click', { cancelable: true, bubbles: true })
      button.element.dispatchEvent(click)
      expect(click.defaultPrevented).toBe(true)
    }
  })

  it('keeps the focus while it is busy', async () => {
    const button = mount(UiButton, { attachTo: document.body })
    button.element.focus()
    await button.setProps({ busy: true })
    expect(document.activeElement).toBe(button.element)
    expect(button.attributes('aria-busy')).toBe('true')
  })
})
