import * as JsSIP from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRTCSessionEvent, RTCSessionEvent } from 'jssip/lib/UA'
import type { Account } from './account'
import { callerOf } from './caller'
import { gatheringCut } from './ice'

const REGISTERED_FOR_S = 60
const RECOVERY_S = { min: 1, max: 8 }
const BUSY_HERE = 486
/** JsSIP waits for half a minute, and then leaves it. */
const ANSWERED_WITHIN_MS = 8000

/** What happens on the line. */
export interface LineEvents {
  registered: () => void
  /** `refused`: the account is not valid (any more); `unanswered`: a socket is open behind which no telephone system is. */
  lost: (why: 'refused' | 'unanswered' | 'socket') => void
  rings: (number: string) => void
  answered: () => void
  ended: (cause: string) => void
  remoteAudio: (stream: MediaStream) => void
}

/** What JsSIP's types lack. */
interface Asked {
  sendOptions: (
    target: string,
    body: undefined,
    options: { eventHandlers: { succeeded: () => void; failed: (end: { response: object | null }) => void } },
  ) => void
  on: (event: 'newTransaction' | 'transactionDestroyed', heard: (of: { transaction: { request: { method: string } } }) => void) => void
}

/** SIP over a WebSocket: registered, and in one call at most. */
export class SipLine {
  readonly #ua: JsSIP.UA
  readonly #events: LineEvents
  readonly #rtc: RTCConfiguration
  /** The phone's own address. */
  readonly #own: string
  #session: RTCSession | null = null
  #stopped = false
  #unanswered: ReturnType<typeof setTimeout> | undefined
  #replacing = false

  constructor(account: Account, events: LineEvents) {
    this.#events = events
    this.#own = `sip:${account.user}@${account.domain}`
    this.#rtc = {
      bundlePolicy: 'max-bundle',
      iceServers: account.ice_servers.map(({ urls, username, credential }) => ({
        urls,
        ...(username ? { username } : {}),
        ...(credential ? { credential } : {}),
      })),
    }
    this.#ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(account.socket_url)],
      uri: this.#own,
      authorization_user: account.user,
      password: account.secret,
      register_expires: REGISTERED_FOR_S,
      session_timers: false,
      connection_recovery_min_interval: RECOVERY_S.min,
      connection_recovery_max_interval: RECOVERY_S.max,
      user_agent: 'hotline console',
    })
    this.#ua.on('registered', () => this.#unlessStopped(events.registered))
    this.#ua.on('registrationFailed', ({ response }) => {
      const open = this.#ua.isConnected() ? 'unanswered' : 'socket'
      this.#unlessStopped(() => events.lost(response?.status_code >= 400 ? 'refused' : open))
    })
    this.#watchRegistering()
    this.#ua.on('disconnected', () => this.#unlessStopped(() => events.lost('socket')))
    this.#ua.on('newRTCSession', (event: RTCSessionEvent) => {
      if ((event.originator as string) === 'remote') this.#rung(event as IncomingRTCSessionEvent)
    })
  }

  get inCall(): boolean {
    return this.#session !== null
  }

  start(): void {
    this.#ua.start()
  }

  /** Unregister and close the socket. A call's sound goes on until the call ends. */
  stop(options: { hangUp: boolean }): void {
    this.#stopped = true
    clearTimeout(this.#unanswered)
    if (options.hangUp) this.hangUp()
    this.#ua.stop()
  }

  /** Ask the other end for a sign of life; a socket that died in silence gives none, and never resolves. */
  async check(): Promise<boolean> {
    if (!this.#ua.isConnected() || !this.#ua.isRegistered()) return false
    return await new Promise((resolve) => {
      const asked = this.#ua as unknown as Asked
      asked.sendOptions(this.#own, undefined, {
        eventHandlers: {
          succeeded: () => resolve(true),
          // A refusal is a sign of life, too; a request that timed out has no response.
          failed: ({ response }) => resolve(response !== null),
        },
      })
    })
  }

  answer(stream: MediaStream): void {
    this.#session?.answer({ mediaStream: stream, pcConfig: this.#rtc })
  }

  decline(): void {
    this.#session?.terminate({ status_code: BUSY_HERE })
  }

  hangUp(): void {
    if (this.#session !== null && !this.#session.isEnded()) this.#session.terminate()
  }

  /** Speak into another microphone from now on. */
  async speakInto(stream: MediaStream): Promise<void> {
    const [track] = stream.getAudioTracks()
    const sender = this.#session?.connection?.getSenders().find((one) => one.track?.kind === 'audio')
    if (sender !== undefined && track !== undefined) await sender.replaceTrack(track)
  }

  async stats(): Promise<RTCStatsReport | null> {
    return (await this.#session?.connection?.getStats()) ?? null
  }

  /** Take the next call in place of the present one, whose other side is lost. */
  expectReplacement(): void {
    this.#replacing = true
  }

  /** Each try to register, the first and those that renew it, has its answer in time. */
  #watchRegistering(): void {
    const ua = this.#ua as unknown as Asked
    ua.on('newTransaction', ({ transaction }) => {
      if (transaction.request.method !== 'REGISTER') return
      clearTimeout(this.#unanswered)
      this.#unanswered = setTimeout(() => this.#unlessStopped(() => this.#events.lost('unanswered')), ANSWERED_WITHIN_MS)
    })
    ua.on('transactionDestroyed', ({ transaction }) => {
      if (transaction.request.method === 'REGISTER') clearTimeout(this.#unanswered)
    })
  }

  #rung({ session, request }: IncomingRTCSessionEvent): void {
    const former = this.#session
    if (former !== null && !this.#replacing) {
      session.terminate({ status_code: BUSY_HERE })
      return
    }
    this.#replacing = false
    this.#session = session
    if (former !== null && !former.isEnded()) former.terminate()
    const cut = gatheringCut()
    session.on('icecandidate', cut)
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', ({ streams, track }) =>
        this.#events.remoteAudio(streams[0] ?? new MediaStream([track])),
      )
    })
    session.on('confirmed', () => this.#events.answered())
    const over = ({ cause }: { cause: string }): void => {
      if (this.#session !== session) return
      this.#session = null
      this.#events.ended(cause)
    }
    session.on('ended', over)
    session.on('failed', over)
    this.#events.rings(callerOf(request.from.uri.user))
  }

  #unlessStopped(work: () => void): void {
    if (!this.#stopped) work()
  }
}
