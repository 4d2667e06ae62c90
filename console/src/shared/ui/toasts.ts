import { defineStore } from 'pinia'
import { ref } from 'vue'

export type ToastLevel = 'info' | 'good' | 'warning' | 'alarm'

export interface Toast {
  id: number
  level: ToastLevel
  text: string
}

const SHOWN_MS = { info: 6000, good: 6000, warning: 8000, alarm: 8000 }

/** Short messages over the page: they never take the focus and never hide a call. */
export const useToasts = defineStore('toasts', () => {
  const shown = ref<Toast[]>([])
  let last = 0

  function say(text: string, level: ToastLevel = 'info'): void {
    const toast = { id: ++last, level, text }
    // After a success the failures before it are no news.
    const before = level === 'good' ? shown.value.filter((other) => other.level === 'good') : shown.value
    shown.value = [...before.filter((other) => other.text !== text).slice(-3), toast]
    setTimeout(() => close(toast.id), SHOWN_MS[level])
  }

  function close(id: number): void {
    shown.value = shown.value.filter((toast) => toast.id !== id)
  }

  function clear(): void {
    shown.value = []
  }

  return { shown, say, close, clear }
})
