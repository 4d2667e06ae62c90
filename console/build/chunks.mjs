// Which code comes together. Each file costs a slow machine a few milliseconds before the first picture, whatever its size.

/** @type {import('rolldown').CodeSplittingGroup[]} */
export const GROUPS = [
  { name: 'vendor', test: /node_modules\/(vue|@vue|vue-router|pinia|@pinia|vue-i18n|@intlify|openapi-fetch|@element-plus)\//, priority: 4 },
  // What most pages show: buttons, fields, words, the client of the service.
  { name: 'shared', test: /src\/shared\/(agents|api|calling|i18n|keys|session|settings|socket|ui)\/(?!words)|app\/(LinkBar|catalogues\/joined)|icon\.svg|vite\/preload-helper|plugin-vue:export-helper/, priority: 3 },
  { name: 'phone', test: /src\/phone\/(?!line|messages)/, priority: 2 },
  // The desk and what stands around it in every shift; the rest of it comes after the first picture.
  { name: 'desk', test: /src\/(app\/(AgentLink|agent-parts)|features\/desk\/(?!messages|routes|components\/(ArrearsReminder|BookVisit|CallOutcome|CallResult|FiledTicket|HeldSurveys|IdleNotices|LastTicket|ResultTree|ShortcutHelp|TransferPanel)\.vue|state\/(call-result|outcome|reminder|results)\.ts|words))/, priority: 1 },
]

/** Have the words of most readers fetched beside the code, not after it. @returns {import('vite').Plugin} */
export function earlyWords() {
  return {
    name: 'early-words',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const words = Object.values(bundle ?? {}).find((one) => one.type === 'chunk' && one.facadeModuleId?.endsWith('/catalogues/zh-CN.ts'))
        if (words === undefined) throw new Error('no catalogue of zh-CN in the build')
        return [{ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${words.fileName}` }, injectTo: 'head' }]
      },
    },
  }
}
