import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'

type Text = HTMLInputElement | HTMLTextAreaElement
/** From here on a text is long enough that its end comes as a surprise. */
const [COUNTED_FROM, NEAR] = [100, 0.9]

/** Say how long a text is when it comes near its limit, and how much of a pasted one was left out: the browser cuts it without a word. */
export function useLength() {
  const { t } = useI18n({ useScope: 'global' })
  const [length, most, cut] = [ref(0), ref(0), ref(0)]

  function typed(event: Event): void {
    const { value, maxLength } = event.target as Text
    length.value = value.length
    most.value = maxLength > 0 ? maxLength : 0
    if (value.length < most.value) cut.value = 0
  }

  function pasted(event: ClipboardEvent): void {
    const { value, maxLength, selectionStart, selectionEnd } = event.target as Text
    const text = event.clipboardData?.getData('text') ?? ''
    const room = maxLength - value.length + ((selectionEnd ?? 0) - (selectionStart ?? 0))
    most.value = maxLength > 0 ? maxLength : 0
    cut.value = maxLength > 0 ? Math.max(0, text.length - room) : 0
  }

  const said = computed(() => {
    if (cut.value > 0) return t('shared.length.cut', { most: most.value, n: cut.value })
    if (most.value < COUNTED_FROM || length.value < most.value * NEAR) return ''
    return length.value < most.value ? t('shared.length.count', { n: length.value, most: most.value }) : t('shared.length.full', { most: most.value })
  })
  const over = computed(() => cut.value > 0 || (most.value >= COUNTED_FROM && length.value >= most.value))
  return { typed, pasted, said, over }
}
