// The signed-in administrator's own: password, second factor, passkeys, recovery codes, language, other places.
import { html, nothing } from '../../lit.js';
import { state, set, setTheme, remember } from '../../store.js';
import { get, post, del, seg } from '../../api.js';
import { t, tn, word, clock, LANGUAGES, language, serverZone } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot } from '../../parts/dialog.js';
import { field, select } from '../../parts/form.js';
import { factorOf } from '../../parts/factor.js';
import { makePasskey, passkeys, gaveUp } from '../../parts/passkey.js';
import { icon, badge, when, copy, save } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';
import { changePassword } from '../self.js';

const own = new Loaded('/me/factors'), places = new Loaded('/auth/sessions');

export default {
  enter() { own.load(); places.load(); },
  view: () => html`${unproven()}${own.show(account)}${look()}${places.show(elsewhere)}`,
};

/** What was changed of the own sign-in holds once it was used; until then the former one can come back. */
const unproven = () => new Date(state.session.signInUntil ?? 0) > Date.now() ? html`<div class="notice warn" role="status">${icon('timer')}<div class="grow"><b>${t('account.proveHead')}</b> ${t('account.proveText', { at: clock(state.session.signInUntil) })}</div><button class="btn small" type="button" @click=${signInAnew}>${icon('log-in', 's')}${t('account.prove')}</button></div>` : nothing;
async function signInAnew() {
  try { await del('/auth/session'); } finally { set({ session: null }); dispatchEvent(new CustomEvent('culvert-begin')); }
}
/** Asks the server whether the sign-in is now to be proven. */
async function changed() {
  own.load();
  const session = await get('/auth/session').catch(() => null);
  if (session?.name) { state.csrf = session.csrf; set({ session: { ...state.session, ...session } }); }
}

const row = (image, tone, heading, text, action) => html`<li>${icon(image, tone)}<div><b>${heading}</b><span>${text}</span></div>${action ?? nothing}</li>`;

const account = a => html`<section class="card" aria-labelledby="own"><header><h2 id="own">${t('account.head', { name: state.session.name })}</h2>${badge('accent', 'shield-check', word('role', state.session.role))}</header><div class="body"><ul class="checks rows">
  ${row('key-round', 'ok', t('signin.password'), t('account.passwordText'), html`<button class="btn small" type="button" @click=${() => changePassword('/me/password', state.session.name, false, changed)}>${t('self.change')}<span class="vh"> ${t('signin.password')}</span></button>`)}
  ${row('smartphone', a.totp ? 'ok' : 'warn', t('account.totp'), a.totp ? t('account.totpOn') : t('account.totpOff'), html`<button class="btn small" type="button" @click=${enrol}>${a.totp ? t('account.totpReplace') : t('account.totpAdd')}</button>`)}
  ${row('list-checks', a.recoveryLeft > 2 ? 'ok' : 'warn', t('account.recovery'), tn('account.recoveryLeft', a.recoveryLeft ?? 0), html`<button class="btn small" type="button" @click=${newCodes}>${t('account.recoveryNew')}</button>`)}
  ${(a.passkeys ?? []).map(k => row('fingerprint', 'ok', k.name || t('account.passkey'), html`${t('account.passkeyAdded')} ${when(k.created)}`, html`<button class="btn small" type="button" @click=${() => dropPasskey(k)}>${icon('trash-2', 's')}${t('do.remove')}<span class="vh"> ${k.name}</span></button>`))}
  ${passkeys() ? row('fingerprint', '', t('account.passkeyNew'), t('account.passkeyText'), html`<button class="btn small" type="button" @click=${addPasskey}>${icon('plus', 's')}${t('account.passkeyAdd')}</button>`) : nothing}</ul></div></section>`;

const look = () => html`<section class="card" aria-labelledby="look"><header><h2 id="look">${t('account.look')}</h2></header><div class="body stack"><div class="grid-2">
  ${select({ id: 'language', label: t('language.menu'), value: language(), options: Object.entries(LANGUAGES), change: v => dispatchEvent(new CustomEvent('culvert-language', { detail: v })) })}
  ${select({ id: 'theme', label: t('account.theme'), value: state.theme, options: ['auto', 'light', 'dark'].map(v => [v, t(`theme.${v}`)]), change: v => { remember('theme', v); setTheme(v); } })}</div>
  <p class="small dim">${t('account.zone', { zone: serverZone() })}</p></div></section>`;

const elsewhere = p => html`<section class="card" aria-labelledby="places"><header><h2 id="places">${t('account.places')}</h2></header><div class="body"><ul class="checks rows">${p.items.map(s => row(/mobile|android|iphone/i.test(s.agent ?? '') ? 'smartphone' : 'monitor', s.current ? 'ok' : '', html`<span class="inline" title=${s.agent}>${browserOf(s.agent)}</span>${s.current ? html` ${badge('ok', 'check', t('account.here'))}` : nothing}`, html`${s.from} · ${t('account.seen')} ${when(s.seen)}`,
  s.current ? nothing : html`<button class="btn small" type="button" @click=${() => signOutOf(s)}>${icon('log-out', 's')}${t('account.signOut')}<span class="vh"> ${s.from}</span></button>`))}</ul></div></section>`;

/** "Firefox 145, Linux" out of what browsers say about themselves. */
export function browserOf(agent = '') {
  const name = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox'], ['HeadlessChrome', 'Chrome'], ['Chrome'], ['Version', 'Safari'], ['curl']].map(([token, shown]) => { const version = new RegExp(`${token}/(\\d+)`).exec(agent)?.[1]; return version && `${shown ?? token} ${version}`; }).find(Boolean);
  const system = [[/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux|X11/, 'Linux']].find(([pattern]) => pattern.test(agent))?.[1];
  return [name ?? (agent.slice(0, 40) || t('account.browser')), system].filter(Boolean).join(', ');
}
async function signOutOf(s) {
  try { await del(`/auth/sessions/${seg(s.id)}`); toast(t('account.signedOut', { from: s.from })); } catch (e) { toast(e.title || t('error.unreachable'), 'bad'); }
  places.load();
}
function enrol() {
  const v = { code: '' };
  let made = null;
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('account.totp'), text: t('setup.factorText'), submit: async () => { let answer; if (await d.run(async () => { answer = await post('/me/totp:confirm', { code: v.code.replace(/\s/g, '') }); })) { d.close(); toast(t('account.totpDone')); own.load(); if (answer?.recovery?.length) showCodes(answer.recovery); } },
      body: made ? html`${factorOf(made)}${field({ id: 'enrol-code', name: 'code', label: t('signin.code'), hint: t('setup.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, error: d.problem?.fields?.code, value: v.code, change: x => { v.code = x; } })}` : nothing,
      foot: foot(d, { action: t('setup.codeGo'), disabled: !made || !v.code }),
    }),
  });
  d.run(async () => { made = await post('/me/totp', {}); });
}
/** Recovery codes, shown once. */
export function showCodes(codes, heading = t('recovery.head'), before = nothing) {
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading, text: t('recovery.text'), body: html`${before}<ol class="codes mono">${codes.map(c => html`<li>${c}</li>`)}</ol>`,
      foot: html`<button class="btn" type="button" @click=${async () => toast(await copy(codes.join('\n')) ? t('recovery.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('do.copy')}</button><button class="btn" type="button" @click=${() => save('culvert-recovery-codes.txt', `${codes.join('\n')}\n`)}>${icon('download', 's')}${t('do.download')}</button><span class="grow"></span><button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
    }),
  });
  return d;
}
async function newCodes() {
  let codes;
  if (await confirm({ heading: t('account.recoveryHead'), list: [['list-checks', 'warn', t('account.recoveryPoint'), '']], action: t('account.recoveryNew'), tone: 'primary', run: async () => { codes = (await post('/me/recovery-codes', {})).recovery; } })) { showCodes(codes); own.load(); }
}
function addPasskey() {
  const v = { name: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('account.passkeyNew'), text: t('account.passkeyText'),
      submit: () => d.run(async () => {
        try {
          const credential = await makePasskey(await post('/me/passkeys/options', {}));
          const answer = await post('/me/passkeys', { name: v.name.trim() || t('account.passkey'), credential });
          d.close(); if (answer?.recovery?.length) showCodes(answer.recovery); toast(t('account.passkeyDone')); own.load();
        } catch (e) { if (!gaveUp(e)) throw e; }
      }),
      body: field({ id: 'passkey-name', name: 'name', label: t('account.passkeyName'), hint: t('account.passkeyNameHint'), optional: true, value: v.name, change: x => { v.name = x; } }),
      foot: foot(d, { action: t('account.passkeyAdd'), image: 'fingerprint' }),
    }),
  });
}
const dropPasskey = k => confirm({ heading: t('account.passkeyDrop', { name: k.name }), list: [['fingerprint', 'warn', t('account.passkeyDropText'), '']], action: t('do.remove'), run: async () => { await del(`/me/passkeys/${seg(k.id)}`); changed(); } });
