import { mount } from '@vue/test-utils'
import { nextTick } from 'vue'
import { afterEach, describe, expect, it } from 'vitest'
import { vOpened } from './opened'

const PAGE = {
  directives: { opened: vOpened },
  props: { stays: Boolean },
  data: () => ({ open: false }),
  template: `<main><button v-if="stays || !open" class="opener" @click="open = true">open</button>
    <form v-if="open" v-opened="() => (open = false)"><input class="words" /><button type="button" class="close" @click="open = false">close</button></form></main>`,
}

async function opened(stays = true) {
  const page = mount(PAGE, { props: { stays }, attachTo: document.body })
  page.get<HTMLElement>('.opener').element.focus()
  await page.get('.opener').trigger('click')
  return page
}

afterEach(() => (document.body.innerHTML = ''))

describe('a part that a button opens', () => {
  it('takes the focus, and gives it back to the button', async () => {
    const page = await opened()
    expect(document.activeElement).toBe(page.get('.words').element)
    await page.get('.words').trigger('keydown', { key: 'Escape' })
    await nextTick()
    expect(page.find('form').exists()).toBe(false)
    expect(document.activeElement).toBe(page.get('.opener').element)
  })

  it('gives the focus to the button that is drawn in the place of the first one', async () => {
    const page = await opened(false)
    page.get<HTMLElement>('.close').element.focus()
    await page.get('.close').trigger('click')
    await nextTick()
    expect(document.activeElement).toBe(page.get('.opener').element)
  })

  it('stays with typed words at Escape, and while an input method composes', async () => {
    const page = await opened()
    await page.get('.words').trigger('keydown', { key: 'Escape', isComposing: true })
    expect(page.find('form').exists()).toBe(true)
    await page.get('.words').setValue('水压不足')
    await page.get('.words').trigger('keydown', { key: 'Escape' })
    expect(page.find('form').exists()).toBe(true)
  })

  it('leaves the focus near a button that goes away later', async () => {
    const page = await opened()
    await page.get('.words').trigger('keydown', { key: 'Escape' })
    await nextTick()
    const after = document.createElement('button')
    page.get('main').element.append(after)
    page.get('.opener').element.remove()
    await new Promise((done) => setTimeout(done))
    expect(document.activeElement).toBe(after)
  })

  it('leaves the focus of another part alone', async () => {
    const page = await opened()
    const other = document.body.appendChild(document.createElement('input'))
    other.focus()
    await page.setData({ open: false })
    await nextTick()
    expect(document.activeElement).toBe(other)
  })
})
