import { defineStore } from 'pinia'
import { ref } from 'vue'

export type ToastLevel = 'info' | 'good' | 'warning' | 'alarm'

export interface Toast {
  id: number
  level: ToastLevel
  text: string
}

const SHOWN_MS = 6000

/** Short messages over the page: they never take the focus and never hide a call. */
export const useToasts = defineStore('toasts', () => {
  const shown = ref<Toast[]>([])
  let last = 0

  function say(text: string, level: ToastLevel = 'info'): void {
    const toast = { id: ++last, level, text }
    shown.value = [...shown.value.filter((other) => other.text !== text).slice(-3), toast]
    // What went wrong stays until it is read.
    if (level === 'info' || level === 'good') setTimeout(() => close(toast.id), SHOWN_MS)
  }

  function close(id: number): void {
    shown.value = shown.value.filter((toast) => toast.id !== id)
  }

  return { shown, say, close }
})
