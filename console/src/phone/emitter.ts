import type { PhoneEvents } from './types'

type Listeners = { [Name in keyof PhoneEvents]: Set<PhoneEvents[Name]> }

/** Events of the phone, for those who do not watch its state. */
export class Emitter {
  readonly #listeners: Listeners = { ring: new Set(), answered: new Set(), ended: new Set(), problem: new Set() }

  /** Call a listener at every such event; returns what ends that. */
  readonly on = <Name extends keyof PhoneEvents>(event: Name, listener: PhoneEvents[Name]): (() => void) => {
    this.#listeners[event].add(listener)
    return () => this.#listeners[event].delete(listener)
  }

  emit<Name extends keyof PhoneEvents>(event: Name, ...facts: Parameters<PhoneEvents[Name]>): void {
    for (const listener of this.#listeners[event]) (listener as (...given: unknown[]) => void)(...facts)
  }
}
