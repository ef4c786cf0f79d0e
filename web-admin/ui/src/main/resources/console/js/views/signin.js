// Sign-in by steps: password, then the one-time code; or a passkey alone.
import { html, nothing } from '../lit.js';
import { redraw } from '../store.js';
import { t } from '../i18n.js';
import { post } from '../api.js';
import { field, secret } from '../parts/form.js';
import { passkeys, usePasskey, gaveUp } from '../parts/passkey.js';
import { icon, problemText, MARK } from '../parts/ui.js';
import { menu } from '../parts/menu.js';
import { languageItems, themeItems, overlays } from '../frame.js';

const my = { step: 'password', name: '', password: '', code: '', busy: false, problem: null, recovery: false, next: [] };
const reset = () => Object.assign(my, { step: 'password', password: '', code: '', busy: false, problem: null, recovery: false });

const focus = id => requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(id)?.focus()));
async function run(work) {
  if (my.busy) return;
  Object.assign(my, { busy: true, problem: null });
  redraw();
  try { await work(); } catch (e) { if (!gaveUp(e)) { my.problem = e; focus(my.step === 'password' ? 'signin-password' : 'signin-code'); } }
  my.busy = false;
  redraw();
}
function enter() { reset(); dispatchEvent(new CustomEvent('culvert-begin')); }
const byPassword = () => run(async () => {
  const answer = await post('/auth/password', { name: my.name, password: my.password }) ?? {};
  my.next = answer.next ?? [];
  if (my.next.length) { my.step = 'code'; my.code = ''; focus('signin-code'); } else enter();
});
const byCode = () => run(async () => { await post('/auth/totp', { code: my.code.replace(/\s/g, '') }); enter(); });
const byPasskey = () => run(async () => { const options = await post('/auth/passkey/options', my.name ? { name: my.name } : {}); await post('/auth/passkey', await usePasskey(options)); enter(); });

const complaint = () => my.problem ? html`<div class="notice bad" role="alert">${icon('circle-alert')}<div class="grow">${problemText(my.problem)}</div></div>` : nothing;
const go = text => html`<button class="btn primary wide" ?disabled=${my.busy}>${my.busy ? icon('loader-circle', 's spin') : nothing}${text}</button>`;

const password = () => html`<form class="stack loose" novalidate @submit=${e => { e.preventDefault(); byPassword(); }}>
  ${complaint()}
  ${field({ id: 'signin-name', name: 'username', label: t('signin.name'), autocomplete: 'username webauthn', value: my.name, change: v => { my.name = v; } })}
  ${secret({ id: 'signin-password', name: 'password', label: t('signin.password'), autocomplete: 'current-password', value: my.password, change: v => { my.password = v; } })}
  ${go(t('signin.go'))}
  ${passkeys() ? html`<div class="or"><span>${t('signin.or')}</span></div><button class="btn wide" type="button" ?disabled=${my.busy} @click=${byPasskey}>${icon('fingerprint', 's')}${t('signin.passkey')}</button>` : nothing}</form>`;

const code = () => html`<form class="stack loose" novalidate @submit=${e => { e.preventDefault(); byCode(); }}>
  ${complaint()}
  ${my.recovery
    ? field({ id: 'signin-code', name: 'code', label: t('signin.recovery'), hint: t('signin.recoveryHint'), mono: true, value: my.code, change: v => { my.code = v; } })
    : field({ id: 'signin-code', name: 'code', label: t('signin.code'), hint: t('signin.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, value: my.code, change: v => { my.code = v; if (/^\d{6}$/.test(v.replace(/\s/g, ''))) queueMicrotask(byCode); } })}
  ${go(t('signin.codeGo'))}
  ${my.next.includes('passkey') && passkeys() ? html`<button class="btn wide" type="button" ?disabled=${my.busy} @click=${byPasskey}>${icon('fingerprint', 's')}${t('signin.passkey')}</button>` : nothing}
  <div class="line spread"><button class="linkish" type="button" @click=${() => { reset(); redraw(); focus('signin-name'); }}>${t('signin.other')}</button>
  <button class="linkish" type="button" @click=${() => { my.recovery = !my.recovery; my.code = ''; my.problem = null; redraw(); focus('signin-code'); }}>${my.recovery ? t('signin.useCode') : t('signin.useRecovery')}</button></div></form>`;

/** What sign-in and the wizard have around them: the mark above, language and side below. */
export const gate = (s, inside, size = '') => html`<main class="gate">
  <div class="gate-card card ${size}">${inside}</div>
  <div class="gate-foot">${menu('gate-language', t('language.menu'), languageItems(), { cls: 'ghost small', content: html`${icon('languages', 's')}${t('language.name')}` })}${menu('gate-theme', t('theme.menu', { now: t(`theme.${s.theme}`) }), themeItems(s), { cls: 'ghost small', content: html`${icon('sun-moon', 's')}${t(`theme.${s.theme}`)}` })}</div></main>${overlays(s)}`;

export const signIn = s => gate(s, html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div><h1 id="page-title" tabindex="-1">${my.step === 'password' ? t('signin.head') : t('signin.codeHead')}</h1><p class="dim">${my.step === 'password' ? t('signin.text', { host: location.hostname }) : my.name}</p></div></div>
  ${my.step === 'password' ? password() : code()}
  ${my.step === 'password' ? html`<p class="small dim gate-note">${t('signin.lost')} <code>culvert admin reset</code></p>` : nothing}`);
signIn.enter = () => { reset(); focus('signin-name'); };
