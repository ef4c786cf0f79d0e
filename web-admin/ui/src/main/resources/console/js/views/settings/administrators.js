// Who may use the console, and what for.
import { html, nothing } from '../../lit.js';
import { state, redraw } from '../../store.js';
import { post, patch, del, seg } from '../../api.js';
import { t, word } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot } from '../../parts/dialog.js';
import { field, secret, cards, ownerOf } from '../../parts/form.js';
import { passPhrase } from '../../parts/phrase.js';
import { menu } from '../../parts/menu.js';
import { icon, badge, when, initials, copy } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';

export const ROLES = ['viewer', 'operator', 'users', 'administrator'];
const people = new Loaded('/administrators');

export default {
  enter() { people.load(); },
  actions: () => html`<button class="btn primary" type="button" @click=${add}>${icon('user-plus', 's')}${t('admins.add')}</button>`,
  view: () => people.show(p => html`<div class="card"><div class="scroll"><table class="cards" role="table"><caption class="vh">${t('settings.administrators')}</caption><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${t('signin.name')}</th><th role="columnheader" scope="col">${t('admins.role')}</th><th role="columnheader" scope="col">${t('users.signIn')}</th><th role="columnheader" scope="col">${t('admins.signedIn')}</th><th role="columnheader" scope="col"><span class="vh">${t('col.actions')}</span></th></tr></thead>
    <tbody role="rowgroup">${p.items.map(a => html`<tr class="row" role="row"><td role="cell" class="lead"><div class="who"><span class="avatar" aria-hidden="true">${initials(a.name)}</span><div><b>${a.name}</b>${a.name === state.session?.name ? html`<span>${t('admins.you')}</span>` : nothing}</div></div></td>
      <td role="cell" class="state" data-l=${t('admins.role')}>${a.enabled === false ? badge('', 'circle-x', t('users.disabled')) : badge(a.role === 'administrator' ? 'accent' : '', 'shield-check', word('role', a.role))}</td>
      <td role="cell" data-l=${t('users.signIn')}><span>${factors(a)}</span></td><td role="cell" data-l=${t('admins.signedIn')}><span>${when(a.signedIn)}</span></td>
      <td role="cell" class="btns"><div class="rowbtns">${menu(`admin-${a.name.replace(/[^\w-]/g, '_')}`, t('menu.more', { name: a.name }), [
        { image: 'shield-check', text: t('admins.changeRole'), run: () => role(a) }, { image: 'key-round', text: t('users.newPassword'), run: () => password(a) }, a.totp || a.passkeys ? { image: 'rotate-ccw', text: t('admins.reset'), run: () => reset(a) } : null,
        a.enabled === false ? { image: 'user-check', text: t('users.enable'), run: () => change(a, { enabled: true }, t('users.isEnabled', { name: a.name })) } : { image: 'ban', tone: 'bad', text: t('users.disable'), run: () => change(a, { enabled: false }, t('users.isDisabled', { name: a.name })) },
        { image: 'trash-2', tone: 'bad', text: t('do.remove'), run: () => remove(a) }])}</div></td></tr>`)}</tbody></table></div></div>
    <p class="small dim">${t('admins.note')}</p>`),
};

const factors = a => {
  const all = [a.totp ? t('users.both') : '', a.passkeys ? t('account.passkey') : ''].filter(Boolean);
  return a.factorNeeded ? html`<span class="badge warn">${icon('hourglass')}${t('admins.factorNeeded')}</span>` : all.length ? all.join(', ') : html`<span class="badge warn">${icon('triangle-alert')}${t('users.passwordOnly')}</span>`;
};
const roles = v => cards({ name: 'role', label: t('admins.role'), value: v.role, change: x => { v.role = x; }, options: ROLES.map(r => [r, word('role', r), t(`role.${r}.text`)]) });
const phrase = (d, v) => html`<div class="stack tight">${secret({ id: 'admin-new-password', name: 'password', label: t('users.firstPassword'), hint: t('admins.passwordHint'), error: d.problem?.fields?.password, value: v.password, change: x => { v.password = x; } })}<button class="btn small self-start" type="button" @click=${() => { v.password = passPhrase(); redraw(); copy(v.password).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>`;

function add() {
  const v = { name: '', role: 'operator', password: '' };
  const d = openDialog({
    size: 'narrow', name: 'add-admin',
    view: () => ({
      heading: t('admins.add'), text: t('admins.addText'),
      submit: async () => { if (await d.run(() => post('/administrators', { ...v, name: v.name.trim() }))) { d.close(); toast(t('users.added', { name: v.name.trim() })); people.load(); } },
      body: html`${field({ id: 'admin-new-name', name: 'name', label: t('signin.name'), hint: t('users.nameHint'), error: d.problem?.fields?.name, value: v.name, change: x => { v.name = x; } })}${phrase(d, v)}${roles(v)}`,
      foot: foot(d, { action: t('admins.add'), image: 'user-plus' }),
    }),
  });
}
function role(a) {
  const v = { role: a.role };
  const d = openDialog({
    size: 'narrow',
    view: () => ({ heading: t('admins.roleOf', { name: a.name }), submit: async () => { if (await d.run(() => patch(`/administrators/${seg(a.name)}`, v))) { d.close(); people.load(); } }, body: roles(v), foot: foot(d, { action: t('admins.changeRole'), disabled: v.role === a.role }) }),
  });
}
function password(a) {
  const v = { password: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('users.passwordHead', { name: a.name }), text: t('admins.passwordText'),
      submit: async () => { if (await d.run(() => patch(`/administrators/${seg(a.name)}`, v))) { d.close(); toast(t('users.passwordSet', { name: a.name })); people.load(); } },
      body: html`${ownerOf(a.name)}${phrase(d, v)}`, foot: foot(d, { action: t('users.setPassword'), disabled: !v.password }),
    }),
  });
}
const reset = a => confirm({ heading: t('admins.resetHead', { name: a.name }), list: [['smartphone', 'warn', t('admins.resetPoint'), t('admins.resetText')]], action: t('admins.reset'), image: 'rotate-ccw', run: async () => { await post(`/administrators/${seg(a.name)}:reset-factor`); people.load(); } });
async function change(a, body, said) { try { await patch(`/administrators/${seg(a.name)}`, body); toast(said); } catch (e) { toast(e.title || t('error.unreachable'), 'bad'); } people.load(); }
const remove = a => confirm({ heading: t('users.removeHead', { name: a.name }), list: [['log-out', 'warn', t('admins.removePoint'), t('users.removeText')]], keep: t('admins.keep'), action: t('do.remove'), image: 'trash-2', run: async () => { await del(`/administrators/${seg(a.name)}`); people.load(); } });
