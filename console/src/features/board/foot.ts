import type { Directive } from 'vue'

/** A form that stands at the foot of the page, where it covers no row; Vue's own way weighs on every first page. */
export const vFoot: Directive<HTMLElement> = {
  mounted: (form) => document.querySelector('#page-foot')?.append(form),
  unmounted: (form) => form.remove(),
}
