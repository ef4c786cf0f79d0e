// The wizard of the first run. The server keeps which steps are done, so it can be left and taken up again, on another
// machine too. Claim code and administrator come first; from then on it uses the API like any page, signed in.
import { html, nothing } from '../lit.js';
import { state, set, redraw } from '../store.js';
import { get, post, put, upload, seg, Problem } from '../api.js';
import { t, tn, num } from '../i18n.js';
import { field, secret, cards, toggle } from '../parts/form.js';
import { icon, problemText, MARK, copy } from '../parts/ui.js';
import { factorOf } from '../parts/factor.js';
import { handOver, pictureOf } from '../parts/ready.js';
import { restoreDialog } from './restore.js';
import { passPhrase } from '../parts/phrase.js';
import { toast } from '../parts/say.js';
import { gate } from './signin.js';
import { recovery } from './factor.js';
import { setRemote } from './settings/appliance.js';

const VPN = '/modules/tunnel.openvpn/config', CORE = '/modules/core/config';
const my = {
  shown: null, busy: false, problem: null, factor: null, codes: null, kept: false, issued: null, hand: {}, overview: null, online: [], timer: 0,
  claim: { code: '' }, administrator: { name: 'admin', password: '', code: '' },
  address: { address: '' }, vpn: null, user: { name: '', password: '', device: 'laptop' },
};

const known = () => state.setup.steps.map(x => x.id).filter(id => SEND[id] || id === 'check');
const isDone = id => state.setup.steps.find(x => x.id === id)?.done ?? false;
const step = () => my.shown ?? known().find(id => !isDone(id)) ?? 'check';
const wrong = name => my.problem?.fields?.[name];

function focus() { requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('page-title')?.focus())); }
async function run(work) {
  if (my.busy) return;
  Object.assign(my, { busy: true, problem: null });
  redraw();
  try { await work(); } catch (e) {
    if (!(e instanceof Problem)) console.error(e);
    if (e.status === 410) return leave();
    my.problem = e;
    requestAnimationFrame(() => requestAnimationFrame(() => (document.querySelector('.gate [aria-invalid="true"]') ?? document.querySelector('.gate .notice.bad'))?.focus()));
  } finally { my.busy = false; redraw(); }
}
/** What the server says is done, and on to the next step. */
async function onward(answer) {
  const setup = answer?.steps ? answer : await get('/setup');
  my.shown = null;
  set({ setup });
  focus();
  opened();
}
const tell = id => post(`/setup/steps/${id}`, {});
function leave() { clearInterval(my.timer); my.shown = null; set({ setup: null }); dispatchEvent(new CustomEvent('culvert-begin')); }

const SEND = {
  claim: async () => { await post('/setup/claim', { code: my.claim.code.trim() }); await onward(); },
  administrator: async () => {
    const v = my.administrator;
    if (!my.factor) { my.factor = await post('/setup/steps/administrator', { name: v.name.trim(), password: v.password }); focus(); return; }
    const made = await post('/setup/steps/administrator', { code: v.code.replace(/\s/g, '') });
    Object.assign(my, { codes: made.recovery ?? [], shown: 'administrator' });
    set({ session: made.session ?? await get('/auth/session') });
    focus();
  },
  address: async () => { await setRemote(my.address.address.trim()); await onward(await tell('address')); },
  vpn: async () => { await saveVpn(my.vpn); await onward(await tell('vpn')); },
  user: async () => {
    const v = my.user;
    const added = await post('/users', { name: v.name.trim(), ...(v.password ? { password: v.password } : {}) }).catch(async e => { if (e.status === 409 && my.issued === undefined) return { id: v.name.trim() }; throw e; });
    my.issued = undefined;
    my.issued = await post(`/users/${seg(added.id)}/profiles`, { device: v.device.trim(), protocol: 'openvpn', instance: '', transport: '', remote: my.address.address.trim(), reuse: false });
    pictureOf(my.issued, my.hand);
    await onward(await tell('user'));
  },
};

/** The settings of the listeners and of the network, as the form shows them. */
async function readVpn() {
  const [listeners, core] = await Promise.all([get(VPN), get(CORE)]), net = core.instances[0].values;
  const of = transport => listeners.instances.find(i => i.values.transport === transport);
  my.vpn = { listeners: listeners.instances, core: net, transports: ['udp', 'tcp'].filter(of), udp: String(of('udp')?.values.port ?? 1194), tcp: String(of('tcp')?.values.port ?? 1194), ipv4: net.ipv4 ?? '', ipv6: net.ipv6 ?? '', all: net.redirectGateway !== false, names: (net.nameServers ?? []).join(', ') };
  my.address.address ||= listeners.instances.map(i => i.values.remoteHost).find(Boolean) ?? location.hostname.replace(/^\[|\]$/g, '');
}
async function saveVpn(v) {
  if (!v.transports.length) throw new Problem(422, { code: 'invalid', title: t('setup.oneTransport') });
  const names = v.names.split(/[\s,]+/).filter(Boolean);
  const core = Object.fromEntries(Object.entries({ ipv4: v.ipv4.trim(), ipv6: v.ipv6.trim(), redirectGateway: v.all, nameServers: names }).filter(([k, x]) => JSON.stringify(x) !== JSON.stringify(v.core[k] ?? (k === 'nameServers' ? [] : ''))));
  if (Object.keys(core).length) { await get(CORE); await put(CORE, { instance: '', values: core, remove: [] }); }
  for (const transport of ['udp', 'tcp']) {
    const there = v.listeners.find(i => i.values.transport === transport), wanted = v.transports.includes(transport), port = Number(v[transport]);
    const change = !there && wanted ? { instance: transport, values: { transport, port, remoteHost: my.address.address.trim() }, remove: [] } : there && !wanted ? { instance: there.name, drop: true } : there && there.values.port !== port ? { instance: there.name, values: { port }, remove: [] } : null;
    if (!change) continue;
    await get(VPN);
    try { await put(VPN, change); } catch (e) { if (e.fields?.port) e.fields[transport] = e.fields.port; throw e; }
  }
}

/** What the shown step needs to know. */
function opened() {
  clearInterval(my.timer);
  if (step() !== 'claim' && state.session && !my.vpn) readVpn().catch(e => { my.problem = e; }).finally(redraw);
  if (step() === 'check') { look(); my.timer = setInterval(look, 3000); }
}
async function look() {
  if (document.hidden) return;
  try {
    my.overview = await get('/overview');
    my.online = (await get('/sessions', { filter: 'established', limit: 5 })).items;
  } catch (e) { my.problem = e; }
  redraw();
}
const finish = () => run(async () => {
  await tell('check');
  if (my.issued) await post(`/profiles/${seg(my.issued.id)}:close`).catch(() => {});
  location.hash = '#/overview';
  leave();
});

/** A backup in place of all the steps. */
const restore = () => restoreDialog({ send: file => upload('/setup/backup', file), start: body => post('/setup/restore', body) });

const complaint = () => my.problem && !Object.keys(my.problem.fields ?? {}).length ? html`<div class="notice bad" role="alert" tabindex="-1">${icon('circle-alert')}<div class="grow">${problemText(my.problem)}${my.problem.id ? html` <span class="dim small nowrap">${t('error.id', { id: my.problem.id })}</span>` : nothing}</div></div>` : nothing;
const buttons = (text, back) => html`<div class="gate-buttons">${back ? html`<button class="btn" type="button" ?disabled=${my.busy} @click=${back}>${t('do.back')}</button>` : nothing}<span class="grow"></span><button class="btn primary" ?disabled=${my.busy}>${my.busy ? icon('loader-circle', 's spin') : nothing}${text}</button></div>`;
const put1 = (group, name) => v => { my[group][name] = v; };

const VIEWS = {
  claim: () => html`<p class="dim">${t('setup.claimText')}</p>
    ${field({ id: 'claim-code', name: 'code', label: t('setup.claimCode'), hint: t('setup.claimHint'), mono: true, placeholder: 'XXXX-XXXX', error: wrong('code'), value: my.claim.code, change: v => { my.claim.code = v.toUpperCase(); } })}${buttons(t('do.continue'))}`,
  administrator: () => my.codes ? recovery(my) : my.factor ? html`<p class="dim">${t('setup.factorText')}</p>${factorOf(my.factor)}
    ${field({ id: 'admin-code', name: 'code', label: t('signin.code'), hint: t('setup.codeHint'), inputmode: 'numeric', autocomplete: 'one-time-code', mono: true, error: wrong('code'), value: my.administrator.code, change: put1('administrator', 'code') })}${buttons(t('setup.codeGo'), () => { my.factor = null; redraw(); focus(); })}`
    : html`<p class="dim">${t('setup.adminText')}</p>
    ${field({ id: 'admin-name', name: 'name', label: t('signin.name'), hint: t('users.nameHint'), autocomplete: 'username', error: wrong('name'), value: my.administrator.name, change: put1('administrator', 'name') })}
    ${secret({ id: 'admin-password', name: 'password', label: t('signin.password'), hint: t('setup.passwordHint'), error: wrong('password'), value: my.administrator.password, change: put1('administrator', 'password') })}${buttons(t('do.continue'))}
    <p class="after-block"><button class="linklike" type="button" @click=${restore}>${t('setup.restore')}</button></p>`,
  address: () => html`<p class="dim">${t('setup.addressText')}</p>
    ${field({ id: 'address', name: 'address', label: t('setup.addressLabel'), hint: t('setup.addressHint'), mono: true, placeholder: 'vpn.example.com', error: wrong('remoteHost'), value: my.address.address, change: put1('address', 'address') })}
    <div class="notice info">${icon('shield-check')}<div class="grow"><b>${t('setup.certificate')}</b><p class="dim">${t('setup.ownText')}</p></div></div>${buttons(t('do.continue'))}`,
  vpn: () => !my.vpn ? html`<p class="dim" role="status">${t('state.loading')}</p>` : html`<p class="dim">${t('setup.vpnText')}</p>
    ${cards({ many: true, name: 'transports', label: t('setup.transports'), value: my.vpn.transports, change: (v, on) => { my.vpn.transports = on ? [...my.vpn.transports, v] : my.vpn.transports.filter(x => x !== v); }, options: [['udp', t('setup.udp'), t('setup.udpText')], ['tcp', t('setup.tcp'), t('setup.tcpText')]] })}
    <div class="grid-2">${['udp', 'tcp'].filter(x => my.vpn.transports.includes(x)).map(x => field({ id: `port-${x}`, name: x, label: t(`setup.${x}Port`), type: 'number', min: 1, max: 65535, error: wrong(x), value: my.vpn[x], change: put1('vpn', x) }))}</div>
    <div class="grid-2">${field({ id: 'network', name: 'ipv4', label: t('setup.network'), hint: t('setup.networkHint'), mono: true, error: wrong('ipv4'), value: my.vpn.ipv4, change: put1('vpn', 'ipv4') })}${field({ id: 'network6', name: 'ipv6', label: t('setup.network6'), optional: true, mono: true, placeholder: 'fd00:8::/64', error: wrong('ipv6'), value: my.vpn.ipv6, change: put1('vpn', 'ipv6') })}</div>
    ${toggle({ id: 'all-traffic', label: t('setup.allTraffic'), hint: t('setup.allTrafficText'), value: my.vpn.all, change: put1('vpn', 'all') })}
    ${field({ id: 'dns', name: 'nameServers', label: t('setup.dns'), hint: t('setup.dnsHint'), optional: true, mono: true, placeholder: '9.9.9.9', error: wrong('nameServers'), value: my.vpn.names, change: put1('vpn', 'names') })}${buttons(t('setup.vpnGo'))}`,
  user: () => html`<p class="dim">${t('setup.userText')}</p>
    ${field({ id: 'user-name', name: 'name', label: t('users.name'), hint: t('users.nameHint'), error: wrong('name'), value: my.user.name, change: put1('user', 'name') })}
    <div class="stack tight">${secret({ id: 'user-password', name: 'password', label: t('users.firstPassword'), hint: t('users.firstPasswordHint'), optional: true, error: wrong('password'), value: my.user.password, change: put1('user', 'password') })}
    <button class="btn small self-start" type="button" @click=${() => { my.user.password = passPhrase(); redraw(); copy(my.user.password).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>
    ${field({ id: 'user-device', name: 'device', label: t('users.device'), hint: t('users.deviceHint'), error: wrong('device'), value: my.user.device, change: put1('user', 'device') })}${buttons(t('setup.userGo'))}`,
  check: () => html`${my.issued ? html`<p class="dim">${t('setup.profileText', { name: my.issued.user })}</p>${handOver(my.issued, my.hand, () => run(async () => { my.hand.link = await post(`/profiles/${seg(my.issued.id)}/link`, { validSeconds: 86_400 }); await copy(new URL(my.hand.link.path, location.origin).href); }))}` : nothing}
    <div class="stack tight"><h2>${t('setup.checks')}</h2><ul class="checks">${checks().map(([image, tone, b, s]) => html`<li>${icon(image, tone)}<div><b>${b}</b>${s ? html`<span>${s}</span>` : nothing}</div></li>`)}</ul></div>${buttons(t('setup.finish'))}`,
};

/** What the appliance says about itself, and whether somebody has connected from outside. */
function checks() {
  const o = my.overview;
  if (!o) return [['loader-circle', 'run spin', t('setup.checking'), '']];
  const errors = o.problems.filter(p => p.severity === 'error');
  return [
    ...o.listeners.map(l => l.state === 'open' ? ['circle-check', 'ok', t('setup.listens', { where: `${String(l.transport).toUpperCase()} ${num(l.port).replace(/\D/g, '')}` }), ''] : ['circle-alert', 'warn', t('setup.closed', { where: `${String(l.transport).toUpperCase()} ${l.port}` }), l.error]),
    errors.length ? null : ['circle-check', 'ok', tn('overview.running', o.modules.running), ''],
    ...errors.map(p => ['circle-alert', 'warn', p.subject, p.text]),
    my.online.length ? ['circle-check', 'ok', t('setup.connected', { name: my.online[0].user || t('sessions.unknown') }), t('setup.connectedText', { remote: my.online[0].remote })] : ['loader-circle', 'run spin', t('setup.waiting'), t('setup.waitingText')],
  ].filter(Boolean);
}

const submit = (id, e) => {
  e.preventDefault();
  if (id === 'check') return finish();
  if (id === 'administrator' && my.codes) { my.codes = null; my.factor = null; return run(() => onward()); }
  run(SEND[id]);
};

export function wizard(s) {
  const all = known(), id = step(), at = all.indexOf(id);
  return gate(s, html`<div class="gate-head"><img src=${MARK} alt="" width="44" height="44"><div class="grow"><p class="dim small">${t('setup.head')}</p><h1 id="page-title" tabindex="-1">${id === 'administrator' && my.codes ? t('recovery.head') : id === 'administrator' && my.factor ? t('signin.codeHead') : id === 'check' && my.issued ? t('users.canConnect', { name: my.issued.user }) : t(`setup.${id}`)}</h1></div>
      ${s.session && !my.codes ? html`<button class="btn ghost" type="button" @click=${() => { clearInterval(my.timer); set({ setup: null }); }}>${t('setup.later')}</button>` : nothing}</div>
    <ol class="steps" aria-label=${t('setup.progress', { at: at + 1, of: all.length })}>${all.map((x, i) => html`<li class=${i < at || isDone(x) && i !== at ? 'done' : ''} aria-current=${i === at ? 'step' : nothing}><span class="n" aria-hidden="true">${i < at || isDone(x) && i !== at ? icon('check', 's') : i + 1}</span><span class="t">${t(`setup.short.${x}`)}${i < at ? html`<span class="vh"> ${t('setup.done')}</span>` : nothing}</span></li>`)}</ol>
    <form class="stack loose" novalidate @submit=${e => submit(id, e)}>${complaint()}${VIEWS[id]()}</form>`, 'wide');
}
wizard.enter = opened;
