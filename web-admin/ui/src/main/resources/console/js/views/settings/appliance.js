// How the appliance is reached: the address in profiles, and where the console listens. Both are settings of modules;
// the server validates them before anything changes.
import { html, nothing } from '../../lit.js';
import { redraw } from '../../store.js';
import { get, put } from '../../api.js';
import { t, tn, listOf } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { confirm, openDialog } from '../../parts/dialog.js';
import { field } from '../../parts/form.js';
import { icon, badge, failure, problemText } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';

const CONSOLE = '/modules/web.rest/config', VPN = '/modules/tunnel.openvpn/config';
const own = new Loaded(CONSOLE), vpn = new Loaded(VPN), health = new Loaded('/overview');
const my = { console: null, remote: null, problem: null, busy: false };

export default {
  enter() { Object.assign(my, { console: null, remote: null, problem: null }); own.load(); vpn.load(); health.load(); },
  view: () => html`${vpn.show(dial)}${own.show(listens)}${health.show(draining)}`,
};

const FILES = ['certificateFile', 'keyFile'];
const words = text => text.split(/[\s,]+/).filter(Boolean);
const wrong = name => my.problem?.fields?.[name];
const button = (text, disabled) => html`<div class="actions"><button class="btn primary" ?disabled=${disabled || my.busy}>${my.busy ? icon('loader-circle', 's spin') : nothing}${text}</button></div>`;
const remotes = c => [...new Set(c.instances.map(i => i.values.remoteHost ?? '').filter(Boolean))];

function dial(c) {
  my.remote ??= remotes(c)[0] ?? '';
  return html`<section class="card" aria-labelledby="dial"><header><h2 id="dial">${t('appliance.dial')}</h2></header><form class="body stack" novalidate @submit=${e => { e.preventDefault(); saveRemote(c); }}>
    ${my.problem?.of === 'dial' ? failure(my.problem) : nothing}
    ${field({ id: 'remote', name: 'remoteHost', label: t('setup.addressLabel'), hint: t('setup.addressHint'), mono: true, placeholder: 'vpn.example.com', error: wrong('remoteHost'), value: my.remote, change: v => { my.remote = v; } })}
    <p class="small dim">${t('appliance.dialText', { names: listOf(c.instances.map(i => i.name)) })}</p>
    ${button(t('do.save'), my.remote === (remotes(c)[0] ?? '') && remotes(c).length < 2)}</form></section>`;
}
/** Sets the address that profiles name, on every listener. */
export async function setRemote(remote) {
  const { instances } = await get(VPN);
  for (const i of instances) if ((i.values.remoteHost ?? '') !== remote) { await get(VPN); await put(VPN, { instance: i.name, values: { remoteHost: remote }, remove: [] }); }
}
async function saveRemote() {
  my.busy = true; my.problem = null;
  redraw();
  try { await setRemote(my.remote.trim()); toast(t('appliance.saved')); my.remote = null; } catch (e) { my.problem = Object.assign(e, { of: 'dial' }); }
  my.busy = false;
  vpn.load();
}

function listens(c) {
  const values = c.instances[0]?.values ?? {};
  my.console ??= { address: values.address ?? '::', port: String(values.port ?? 8443), names: (values.names ?? []).join(', '), certificateFile: values.certificateFile ?? '', keyFile: values.keyFile ?? '' };
  const v = my.console, same = v.address === values.address && Number(v.port) === values.port && words(v.names).join() === (values.names ?? []).join() && FILES.every(f => v[f] === (values[f] ?? ''));
  return html`<section class="card" aria-labelledby="listens"><header><h2 id="listens">${t('appliance.console')}</h2></header><form class="body stack" novalidate @submit=${e => { e.preventDefault(); saveConsole(c); }}>
    ${my.problem?.of === 'console' ? failure(my.problem) : nothing}
    <div class="grid-2">${field({ id: 'console-address', name: 'address', label: t('appliance.address'), hint: t('appliance.addressHint'), mono: true, error: wrong('address'), value: v.address, change: x => { v.address = x; } })}${field({ id: 'console-port', name: 'port', label: t('appliance.port'), type: 'number', min: 1, max: 65535, error: wrong('port'), value: v.port, change: x => { v.port = x; } })}</div>
    ${field({ id: 'console-names', name: 'names', label: t('cert.names'), hint: t('cert.namesHint'), optional: true, mono: true, error: wrong('names'), value: v.names, change: x => { v.names = x; } })}
    <div class="grid-2">${FILES.map(f => field({ id: `console-${f}`, name: f, label: t(`appliance.${f}`), hint: t(`appliance.${f}.hint`), optional: true, mono: true, error: wrong(f), value: v[f], change: x => { v[f] = x; } }))}</div>
    <div class="line spread"><a class="small" href="#/modules/web.rest/settings">${t('appliance.more')}</a></div>${button(t('appliance.saveConsole'), same)}</form></section>`;
}
async function saveConsole(c) {
  const v = my.console, before = c.instances[0]?.values ?? {}, port = Number(v.port), moves = port !== before.port;
  const to = `${location.protocol}//${location.hostname}:${v.port}/#/settings/appliance`;
  const values = { address: v.address.trim(), port, names: words(v.names), ...Object.fromEntries(FILES.map(f => [f, v[f].trim()])) };
  my.problem = null;
  const done = await confirm({
    heading: t('appliance.moveHead'), tone: 'primary',
    list: [['refresh-cw', 'warn', t('appliance.restarts'), t('appliance.restartsText')], ['activity', 'ok', t('appliance.tunnels'), ''], ['timer', 'ok', t('appliance.guard'), t('appliance.guardText')]],
    keep: t('do.cancel'), action: t('appliance.saveConsole'),
    run: async () => { await put(CONSOLE, { instance: c.instances[0]?.name ?? '', values, remove: [] }); },
  });
  if (!done) return;
  if (moves) moved(to); else back();
}
/** The browser itself has to come by at the new place, else the old one is brought back. */
function moved(to) {
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('appliance.movedHead'), text: t('appliance.guardText'), body: html`<p><a class="mono" href=${to}>${to.split('#')[0]}</a></p>`,
      foot: html`<button class="btn" type="button" @click=${() => d.close()}>${t('do.close')}</button><a class="btn primary" href=${to}>${icon('external-link', 's')}${t('appliance.open')}</a>`,
    }),
  });
}
/** Asks at the same address until the console answers again, which also keeps the change. */
async function back() {
  for (let tries = 0; tries < 40; tries++) {
    await new Promise(done => setTimeout(done, 1500));
    await own.load();
    if (!own.problem) { my.console = null; toast(t('appliance.saved')); return redraw(); }
  }
}

/** New clients go elsewhere while it drains; who is here stays. */
const draining = d => html`<section class="card" aria-labelledby="draining"><header><h2 id="draining">${t('drain.head')}</h2>${d.draining ? badge('warn', 'unplug', t('drain.on')) : badge('ok', 'circle-check', t('drain.off'))}</header><div class="body stack">
    <p class="small dim">${t('drain.text')}</p>
    <div class="actions">${d.draining ? html`<button class="btn primary" type="button" ?disabled=${my.busy} @click=${() => drain(false)}>${icon('play', 's')}${t('drain.end')}</button>` : html`<button class="btn" type="button" ?disabled=${my.busy} @click=${() => begin(d)}>${icon('unplug', 's')}${t('drain.begin')}</button>`}</div></div></section>`;
const begin = d => confirm({
  heading: t('drain.ask'), tone: 'primary', image: 'unplug',
  list: [['arrow-right', 'warn', t('drain.elsewhere'), t('drain.elsewhereText')], ['activity', 'ok', tn('drain.stay', d.sessions.total), t('drain.stayText')], ['rotate-ccw', 'ok', t('drain.until'), '']],
  keep: t('do.cancel'), action: t('drain.begin'), run: async () => { await put('/health/draining', { draining: true }); await health.load(); },
});
async function drain(wanted) {
  my.busy = true;
  redraw();
  try { await put('/health/draining', { draining: wanted }); toast(t('drain.ended')); } catch (e) { toast(problemText(e), 'bad'); }
  my.busy = false;
  health.load();
}
