// ESLint reads templates and the borders between parts; oxlint reads everything else.
import { readdirSync } from 'node:fs'
import tsParser from '@typescript-eslint/parser'
import vue from 'eslint-plugin-vue'
import vueParser from 'vue-eslint-parser'

const features = readdirSync('src/features')
const parts = (names, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ group: names, message }] }],
})

export default [
  { ignores: ['dist', 'node_modules', 'src/shared/*/schema.ts'] },
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tsParser, sourceType: 'module' } },
    rules: {
      'max-lines': ['error', { max: 250 }],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-emits-declaration': 'error',
      'vue/define-props-declaration': 'error',
      'vue/no-bare-strings-in-template': 'error',
      'vue/no-static-inline-styles': 'error',
      'vue/no-restricted-v-bind': ['error', { argument: 'disabled', element: 'UiButton', message: 'say why: blocked' }, { argument: 'disabled', element: 'button', message: 'UiButton says why' }],
      'vue/no-v-html': 'error',
      'vue/no-unused-refs': 'error',
      'vue/html-self-closing': ['error', { html: { void: 'always', normal: 'always', component: 'always' } }],
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'off',
    },
  },
  { files: ['**/*.ts'], languageOptions: { parser: tsParser } },
  {
    files: ['src/shared/**/*.{ts,vue}'],
    rules: parts(['@/app/*', '@/features/*', '@/phone/*', '@/phone'], 'shared stands below every other part'),
  },
  {
    files: ['src/phone/**/*.{ts,vue}'],
    rules: parts(['@/app/*', '@/features/*'], 'the phone knows only shared'),
  },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**/*.{ts,vue}`],
    rules: parts(
      ['@/app/*', ...features.filter((other) => other !== feature).map((other) => `@/features/${other}/**`)],
      'a feature imports only shared, phone and itself',
    ),
  })),
]
