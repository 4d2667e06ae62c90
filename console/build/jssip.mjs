// Leave out of JsSIP what no page uses: its log, the words of its parser's errors (it only says that there was one), its package file.
const FAILURE = /if \(reportFailures === 0\) \{\s*matchFailed\("(?:[^"\\]|\\.)*"\);\s*\}/g
const QUIET = `
const quiet = () => Object.assign(() => {}, { enabled: false })
module.exports = Object.assign(quiet, { default: quiet })
`

/** @returns {import('vite').Plugin} */
export function jssip() {
  return {
    name: 'jssip',
    apply: 'build',
    enforce: 'pre',
    transform: {
      filter: { id: /node_modules\/(jssip\/(lib\/Grammar\.js|package\.json)|debug\/src\/browser\.js)$/ },
      handler(code, id) {
        if (id.endsWith('browser.js')) return { code: QUIET, map: null }
        if (id.endsWith('.json')) {
          const { title, version } = JSON.parse(code)
          return { code: JSON.stringify({ title, version }), map: null }
        }
        const shorter = code.replaceAll(FAILURE, '')
        if (shorter === code) throw new Error("JsSIP's grammar is not as it was: see build/jssip.mjs")
        return { code: shorter, map: null }
      },
    },
  }
}
