/** What stands around the desk in every shift: one request brings it all. */
export { default as PhoneProblem } from '@/phone/PhoneProblem.vue'
export { default as PhoneRing } from '@/phone/PhoneRing.vue'
export { default as CallOut } from '@/features/desk/components/CallOut.vue'
export { default as ShiftBar } from '@/features/desk/components/ShiftBar.vue'
export { default as AgentLink } from './AgentLink.vue'
