// Backups: one encrypted file with everything in it. Make one, keep some on a schedule, restore.
import { html, nothing } from '../../lit.js';
import { redraw } from '../../store.js';
import { post, put, del, upload, url, seg } from '../../api.js';
import { t, bytes, dateTime } from '../../i18n.js';
import { Loaded } from '../../parts/loaded.js';
import { openDialog, confirm, foot, points } from '../../parts/dialog.js';
import { field, secret, select, toggle } from '../../parts/form.js';
import { passPhrase } from '../../parts/phrase.js';
import { icon, badge, empty, when, copy } from '../../parts/ui.js';
import { toast } from '../../parts/say.js';

const backups = new Loaded('/backups');

export default {
  enter() { backups.load(); },
  actions: () => html`<button class="btn" type="button" @click=${restore}>${icon('archive-restore', 's')}${t('backup.restore')}</button><button class="btn primary" type="button" @click=${make}>${icon('archive', 's')}${t('backup.make')}</button>`,
  view: () => backups.show(b => html`${list(b)}${b.schedule ? schedule(b.schedule) : nothing}`),
};

const list = b => html`<section class="card" aria-labelledby="backups"><header><h2 id="backups">${t('settings.backups')}</h2></header>${b.items.length ? html`<div class="body"><ul class="checks rows">${b.items.map(f => html`<li>${icon('archive', 'ok')}<div><b>${dateTime(f.time)}</b><span class="mono wrap">${f.name} · ${bytes(f.size)}</span></div>
  <span class="actions"><a class="btn small" href=${url(`/backups/${seg(f.name)}/file`)} download=${f.name}>${icon('download', 's')}${t('do.download')}<span class="vh"> ${f.name}</span></a><button class="btn small icon-only ghost" type="button" aria-label=${t('backup.removeOf', { name: f.name })} @click=${() => remove(f)}>${icon('trash-2', 's')}</button></span></li>`)}</ul></div>` : empty('archive', t('backup.none'), t('backup.noneText'), html`<button class="btn primary" type="button" @click=${make}>${icon('archive', 's')}${t('backup.make')}</button>`)}</section>`;

const schedule = s => html`<section class="card" aria-labelledby="schedule"><header><h2 id="schedule">${t('backup.schedule')}</h2>${s.enabled ? badge('ok', 'clock', t('backup.on')) : badge('', 'circle-pause', t('backup.off'))}<button class="btn" type="button" @click=${() => edit(s)}>${icon('sliders-horizontal', 's')}${t('self.change')}<span class="vh"> ${t('backup.schedule')}</span></button></header><div class="body">
  <dl class="kv"><div><dt>${t('backup.every')}</dt><dd>${t(`backup.every.${s.every === 'weekly' ? 'weekly' : 'daily'}`)}</dd></div><div><dt>${t('backup.at')}</dt><dd>${s.at}</dd></div><div><dt>${t('backup.keep')}</dt><dd>${s.keep}</dd></div>${s.last ? html`<div><dt>${t('backup.last')}</dt><dd>${when(s.last)}</dd></div>` : nothing}</dl></div></section>`;

const phrase = (d, v, hint) => html`<div class="stack tight">${secret({ id: 'backup-phrase', name: 'passphrase', label: t('backup.phrase'), hint, error: d.problem?.fields?.passphrase, value: v.passphrase, change: x => { v.passphrase = x; } })}<button class="btn small self-start" type="button" @click=${() => { v.passphrase = passPhrase(); redraw(); copy(v.passphrase).then(ok => ok && toast(t('users.phraseCopied'))); }}>${icon('refresh-cw', 's')}${t('users.makePhrase')}</button></div>`;

function make() {
  const v = { passphrase: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('backup.make'), text: t('backup.makeText'), submit: async () => { if (await d.run(() => post('/backups', v))) { d.close(); toast(t('backup.made')); backups.load(); } },
      body: html`${points([['package', 'ok', t('backup.holds'), t('backup.holdsText')], ['lock', 'warn', t('backup.lost'), t('backup.lostText')]])}${phrase(d, v, t('backup.phraseHint'))}`,
      foot: foot(d, { action: t('backup.make'), image: 'archive', disabled: !v.passphrase }),
    }),
  });
}
const remove = f => confirm({ heading: t('backup.removeOf', { name: f.name }), list: [['trash-2', 'warn', t('users.removeText'), '']], action: t('do.remove'), run: async () => { await del(`/backups/${seg(f.name)}`); backups.load(); } });

function edit(s) {
  const v = { ...s, passphrase: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('backup.schedule'), submit: async () => { if (await d.run(() => put('/backups/schedule', { ...v, keep: Number(v.keep) }))) { d.close(); toast(t('backup.scheduled')); backups.load(); } },
      body: html`${toggle({ id: 'backup-on', label: t('backup.auto'), value: v.enabled, change: x => { v.enabled = x; } })}
        <div class="grid-2">${select({ id: 'backup-every', label: t('backup.every'), value: v.every, options: ['daily', 'weekly'].map(x => [x, t(`backup.every.${x}`)]), change: x => { v.every = x; } })}${field({ id: 'backup-at', label: t('backup.at'), type: 'time', error: d.problem?.fields?.at, value: v.at, change: x => { v.at = x; } })}</div>
        ${field({ id: 'backup-keep', label: t('backup.keep'), hint: t('backup.keepHint'), type: 'number', min: 1, max: 365, error: d.problem?.fields?.keep, value: v.keep, change: x => { v.keep = x; } })}
        ${phrase(d, v, s.passphrase ? t('backup.phraseKept') : t('backup.phraseHint'))}`,
      foot: foot(d, { action: t('backup.save') }),
    }),
  });
}

function restore() {
  const v = { file: null, passphrase: '', typed: '' };
  const d = openDialog({
    size: 'narrow',
    view: () => ({
      heading: t('backup.restoreHead'), text: t('backup.restoreText'),
      submit: async () => {
        const secretBytes = btoa(String.fromCharCode(...new TextEncoder().encode(v.passphrase)));
        if (await d.run(async () => upload('/backups:restore', v.file, 'application/octet-stream', { headers: { 'X-Passphrase': secretBytes } }))) { d.close(); toast(t('backup.restoring')); }
      },
      body: html`${points([['triangle-alert', 'warn', t('backup.replaces'), t('backup.replacesText')], ['archive', 'ok', t('backup.before'), t('backup.beforeText')]])}
        <div class="line"><label class="btn" for="restore-file">${icon('file-up', 's')}${t('backup.file')}</label><input id="restore-file" class="vh" type="file" aria-label=${t('backup.file')} @change=${e => { v.file = e.target.files[0] ?? null; redraw(); }}><span class="mono small wrap">${v.file ? `${v.file.name}, ${bytes(v.file.size)}` : t('backup.noFile')}</span></div>
        ${secret({ id: 'restore-phrase', name: 'passphrase', label: t('backup.phrase'), autocomplete: 'off', error: d.problem?.fields?.passphrase, value: v.passphrase, change: x => { v.passphrase = x; } })}`,
      foot: foot(d, { action: t('backup.restoreGo'), tone: 'danger', image: 'archive-restore', disabled: !v.file || !v.passphrase }),
    }),
  });
}
