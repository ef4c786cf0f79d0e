// API tokens for scripts: a role, an end, and shown once.
import { html, nothing } from '../../lit.js';
import { post, del, seg } from '../../api.js';
import { t, word, day, span } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot } from '../../parts/dialog.js';
import { field, select, toggle } from '../../parts/form.js';
import { icon, badge, empty, when, copy } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';
import { ROLES } from './administrators.js';

const tokens = new Loaded('/tokens'), DAYS = [7, 30, 90, 365];

export default {
  enter() { tokens.load(); },
  actions: () => html`<button class="btn primary" type="button" @click=${add}>${icon('plus', 's')}${t('tokens.add')}</button>`,
  view: () => tokens.show(p => html`<section class="card" aria-labelledby="tokens"><header><h2 id="tokens">${t('settings.tokens')}</h2><a class="small" href="/api/v1/openapi.json">${t('tokens.openapi')}</a></header>${p.items.length ? html`<div class="body"><ul class="checks rows">${p.items.map(x => html`<li>${icon('key', 'ok')}<div><b>${x.name} ${badge('', 'shield-check', word('role', x.role))}${x.readOnly ? badge('', 'eye', t('tokens.readOnly')) : nothing}</b><span>${x.expires ? t('tokens.until', { day: day(x.expires) }) : ''} · ${x.used ? html`${t('tokens.used')} ${when(x.used)}` : t('tokens.unused')}</span></div><button class="btn small" type="button" @click=${() => remove(x)}>${icon('trash-2', 's')}${t('users.revoke')}<span class="vh"> ${x.name}</span></button></li>`)}</ul></div>` : empty('key', t('tokens.none'), t('tokens.noneText'))}</section>`),
};

function add() {
  const v = { name: '', role: 'viewer', days: 90, readOnly: false };
  let made = null;
  const d = openDialog({
    size: 'narrow',
    view: () => made ? {
      heading: t('tokens.made', { name: v.name }), text: t('tokens.once'),
      body: html`<div class="field"><label for="token">${t('tokens.token')}</label><div class="with-btn"><input id="token" class="mono" readonly .value=${made.secret} @focus=${e => e.target.select()}><button class="btn" type="button" @click=${async () => toast(await copy(made.secret) ? t('tokens.copied') : t('copy.failed'))}>${icon('copy', 's')}${t('do.copy')}</button></div></div>
        <div class="stack tight"><h3>${t('tokens.try')}</h3><pre class="mono small code" tabindex="0">curl -H "Authorization: Bearer $TOKEN" ${location.origin}/api/v1/sessions</pre></div>`,
      foot: html`<button class="btn primary" type="button" @click=${() => d.close()}>${t('do.done')}</button>`,
    } : {
      heading: t('tokens.add'), text: t('tokens.addText'),
      submit: async () => { if (await d.run(async () => { made = await post('/tokens', { ...v, name: v.name.trim(), days: Number(v.days) }); })) { d.focus(); tokens.load(); } },
      body: html`${field({ id: 'token-name', name: 'name', label: t('tokens.name'), hint: t('tokens.nameHint'), error: d.problem?.fields?.name, value: v.name, change: x => { v.name = x; } })}
        <div class="grid-2">${select({ id: 'token-role', label: t('admins.role'), value: v.role, options: ROLES.map(r => [r, word('role', r)]), change: x => { v.role = x; } })}${select({ id: 'token-days', label: t('tokens.valid'), value: v.days, options: DAYS.map(n => [n, n === 365 ? span(31_536_000) : t('tokens.days', { n })]), change: x => { v.days = x; } })}</div>
        ${toggle({ id: 'token-read', label: t('tokens.readOnly'), hint: t('tokens.readOnlyText'), value: v.readOnly, change: x => { v.readOnly = x; } })}
        <p class="small dim">${t(`role.${v.role}.text`)}</p>`,
      foot: foot(d, { action: t('tokens.add') }),
    },
  });
}
const remove = x => confirm({ heading: t('tokens.revokeHead', { name: x.name }), list: [['key', 'warn', t('tokens.revokePoint'), t('users.removeText')]], keep: t('tokens.keep'), action: t('users.revoke'), image: 'trash-2', run: async () => { await del(`/tokens/${seg(x.id)}`); tokens.load(); } });
