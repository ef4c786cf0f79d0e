// A VPN user's own page, at /self: sign in, take a profile for a device, change the password.
import { html, nothing } from '../lit.js';
import { state, redraw } from '../store.js';
import { get, post, del, seg } from '../api.js';
import { t, day, word } from '../i18n.js';
import { field, secret, ownerOf } from '../parts/form.js';
import { openDialog, confirm, foot } from '../parts/dialog.js';
import { handOver, pictureOf } from '../parts/ready.js';
import { icon, problemText, failure, loading, copy, MARK } from '../parts/ui.js';
import { toast } from '../parts/say.js';
import { gate } from './signin.js';

const my = { me: undefined, problem: null, busy: false, name: '', password: '', code: '' };

async function load() {
  try {
    const session = await get('/auth/session');
    state.csrf = session.csrf;
    my.me = session.role === 'self' ? await get('/self') : null;
    my.problem = null;
  } catch (e) { my.me = null; my.problem = e; }
  redraw();
}
async function signIn() {
  if (my.busy) return;
  Object.assign(my, { busy: true, problem: null });
  redraw();
  try {
    const code = my.code.replace(/\s/g, '');
    const session = await post('/auth/user', { name: my.name.trim(), password: my.password, ...(code ? { code } : {}) });
    state.csrf = session.csrf;
    Object.assign(my, { password: '', code: '' });
    await load();
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('page-title')?.focus()));
  } catch (e) { my.problem = e; }
  my.busy = false;
  redraw();
}
async function signOut() { await del('/auth/session').catch(() => {}); Object.assign(my, { me: null, name: '', password: '', code: '' }); redraw(); }

const door = () => html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div><h1 id="page-title" tabindex="-1">${t('self.head')}</h1><p class="dim">${t('self.text')}</p></div></div>
  <form class="stack loose" novalidate @submit=${e => { e.preventDefault(); signIn(); }}>${my.problem ? html`<div class="notice bad" role="alert">${icon('circle-alert')}<div class="grow">${problemText(my.problem)}</div></div>` : nothing}
  ${field({ id: 'self-name', name: 'username', label: t('signin.name'), autocomplete: 'username', value: my.name, change: v => { my.name = v; } })}
  ${secret({ id: 'self-password', name: 'password', label: t('signin.password'), autocomplete: 'current-password', value: my.password, change: v => { my.password = v; } })}
  ${field({ id: 'self-code', name: 'code', label: t('signin.code'), hint: t('self.codeHint'), optional: true, inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, value: my.code, change: v => { my.code = v; } })}
  <button class="btn primary wide" ?disabled=${my.busy}>${my.busy ? icon('loader-circle', 's spin') : nothing}${t('signin.codeGo')}</button></form>`;

function issue() {
  const v = { device: my.me.profiles.length ? t('users.phone') : t('users.laptop') }, hand = {};
  let issued = null;
  const d = openDialog({
    size: 'narrow', onclose: () => { if (issued) post(`/self/profiles/${seg(issued.id)}:close`).catch(() => {}); load(); },
    view: () => issued ? {
      heading: t('self.ready'), text: t('self.readyText'), body: handOver(issued, hand, () => d.run(async () => { hand.link = await post(`/self/profiles/${seg(issued.id)}/link`, { validSeconds: 86_400 }); await copy(new URL(hand.link.path, location.origin).href); })),
      foot: html`<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
    } : {
      heading: t('self.new'), text: t('users.issueText'), submit: async () => { if (await d.run(async () => { issued = await post('/self/profiles', { device: v.device.trim() }); })) { d.focus(); pictureOf(issued, hand, '/self/profiles'); } },
      body: field({ id: 'self-device', name: 'device', label: t('users.device'), hint: t('self.deviceHint'), error: d.problem?.fields?.device, value: v.device, change: x => { v.device = x; } }),
      foot: foot(d, { action: t('self.get'), image: 'file-key' }),
    },
  });
}
const revoke = p => confirm({
  heading: t('self.loseHead', { device: p.device || t('users.unnamed') }), list: [['file-key', 'warn', t('users.revokePoint'), t('users.revokeText')]],
  keep: t('users.keepProfile'), action: t('users.revoke'), image: 'trash-2', run: async () => { await del(`/self/profiles/${seg(p.id)}`); toast(t('users.revoked')); load(); },
});

/** The dialog that changes the signed-in person's own password, here and in the settings. */
export function changePassword(path, name, old = false, changed = () => {}) {
  const v = old ? { old: '', password: '' } : { password: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('account.passwordHead'), text: old ? null : t('account.passwordEnds'), submit: async () => { if (await d.run(() => post(path, v))) { d.close(); toast(t('account.passwordSet')); changed(); } },
      body: html`${ownerOf(name)}
        ${old ? secret({ id: 'old-password', name: 'old', label: t('account.oldPassword'), autocomplete: 'current-password', error: d.problem?.fields?.old, value: v.old, change: x => { v.old = x; } }) : nothing}
        ${secret({ id: 'own-password', name: 'password', label: t('users.newPassword'), hint: t('setup.passwordHint'), error: d.problem?.fields?.password, value: v.password, change: x => { v.password = x; } })}`,
      foot: foot(d, { action: t('users.setPassword'), disabled: !v.password }),
    }),
  });
}

const home = () => html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div class="grow"><h1 id="page-title" tabindex="-1">${t('self.hello', { name: my.me.name })}</h1><p class="dim">${my.me.address || location.hostname}</p></div><button class="btn ghost" type="button" @click=${signOut}>${icon('log-out', 's')}${t('account.signOut')}</button></div>
  ${failure(my.problem, load)}
  <section class="stack"><div class="line spread"><h2>${t('self.devices')}</h2>${my.me.mayIssue === false ? nothing : html`<button class="btn primary" type="button" @click=${issue}>${icon('plus', 's')}${t('self.new')}</button>`}</div>
  ${my.me.profiles.length ? html`<ul class="checks rows">${my.me.profiles.map(p => html`<li>${icon(/phone|telefon|tablet|ios|android/i.test(p.device) ? 'smartphone' : 'laptop', 'ok')}<div><b>${p.device || t('users.unnamed')}</b><span>${word('protocol', p.protocol)} · ${t('self.until', { to: day(p.notAfter) })}</span></div><button class="btn small" type="button" @click=${() => revoke(p)}>${icon('trash-2', 's')}${t('users.revoke')}<span class="vh"> ${p.device || p.id}</span></button></li>`)}</ul>` : html`<p class="dim">${t('self.none')}</p>`}</section>
  <section class="stack"><h2>${t('self.security')}</h2><ul class="checks rows"><li>${icon('key-round', 'ok')}<div><b>${t('signin.password')}</b><span>${t('self.passwordText')}</span></div><button class="btn small" type="button" @click=${() => changePassword('/self/password', my.me.name, true)}>${t('self.change')}<span class="vh"> ${t('signin.password')}</span></button></li>
  <li>${icon('smartphone', my.me.secondFactor ? 'ok' : 'warn')}<div><b>${t('signin.codeHead')}</b><span>${my.me.secondFactor ? t('self.factorOn') : t('self.factorOff')}</span></div></li></ul></section>`;

export const self = s => gate(s, my.me === undefined ? loading(4) : my.me ? html`<div class="stack loose">${home()}</div>` : door(), my.me ? 'wide' : '');
self.enter = load;
